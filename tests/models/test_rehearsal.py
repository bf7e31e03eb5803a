import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from tiny_gguf import write_gguf

from models.bundled import bundled_chat_model
from models.errors import ModelError
from models.rehearsal import rehearse


def test_the_bundled_model_loads_and_says_how_long_that_took() -> None:
    assert rehearse(bundled_chat_model()) > 0


def test_a_file_that_llama_cpp_cannot_load_costs_an_error_and_no_more(folder: Path) -> None:
    path = write_gguf(folder / "tiny.gguf", {"llama.attention.head_count": None})
    with pytest.raises(ModelError):
        rehearse(path)


def test_an_adapter_that_is_none_does_not_fit(folder: Path) -> None:
    path = write_gguf(folder / "tiny.gguf")
    with pytest.raises(ModelError, match="is no LoRA adapter for"):
        rehearse(bundled_chat_model(), path)
