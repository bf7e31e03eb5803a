from importlib import import_module

import pytest

from ingest.load.formats import FORMATS, PICTURES, REMEDIES, SUFFIXES
from ingest.load.signature import NAMES


@pytest.mark.parametrize("form", sorted(set(FORMATS.values()), key=lambda form: form.parser))
def test_every_format_has_its_parser(form) -> None:
    module, _, function = form.parser.partition(":")
    assert callable(getattr(import_module(f"ingest.load.{module}"), function or "parse"))
    assert form.kind in NAMES or form.kind == ""


def test_suffixes_are_small_letters_behind_a_dot_and_kinds_have_names() -> None:
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in SUFFIXES)
    assert set(REMEDIES) | PICTURES <= set(NAMES)
