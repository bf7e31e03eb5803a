import dataclasses

import pytest

from ingest.load.loaded import Loaded


def test_a_loaded_document_does_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Loaded((), "text", "a").title = "b"  # type: ignore[misc]
