from collections.abc import Callable
from pathlib import Path

import pytest

from models.adapters import adapters_folder, find_adapter, own_adapter
from models.bundled import BUNDLED_ADAPTER, CHAT_MODEL, bundled_chat_model
from models.errors import ModelError
from models.gguf_header import read_header


@pytest.fixture
def stored(folder: Path, setting: Callable[..., None]) -> Path:
    """An adapter that is found by the name `formal`."""
    setting(CACHE=folder / "cache")
    adapters_folder().mkdir(parents=True)
    path = adapters_folder() / "formal.gguf"
    path.write_bytes(b"GGUF")
    return path


@pytest.mark.parametrize("name", ["", "none"])
def test_no_name_is_no_adapter(name: str) -> None:
    assert find_adapter(name) is None


def test_the_bundled_model_alone_has_an_adapter_of_its_own() -> None:
    own = own_adapter(CHAT_MODEL)
    assert own
    assert read_header(own).text("adapter.type") == "lora"
    assert own.stat().st_size <= 12_000_000
    assert find_adapter(BUNDLED_ADAPTER) == own
    assert own_adapter(str(bundled_chat_model())) is None


def test_an_adapter_of_ones_own_comes_before_the_bundled_one_of_that_name(stored: Path) -> None:
    mine = stored.with_stem(BUNDLED_ADAPTER)
    mine.write_bytes(b"GGUF")
    assert find_adapter(BUNDLED_ADAPTER) == mine


def test_a_missing_adapter_of_the_bundled_model_is_said_with_the_remedy(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.bundled._ADAPTER", folder / "gone.gguf")
    with pytest.raises(ModelError, match=r"gone.gguf is missing. Run: git checkout"):
        own_adapter(CHAT_MODEL)


def test_an_adapter_is_found_by_its_name_in_the_cache(stored: Path) -> None:
    assert find_adapter("formal") == stored


def test_an_adapter_is_found_by_its_path(stored: Path, folder: Path) -> None:
    own = folder / "own.gguf"
    own.write_bytes(b"GGUF")
    assert find_adapter(str(own)) == own
    assert find_adapter("own.gguf") == Path("own.gguf")
    assert find_adapter(str(stored)) == stored


def test_a_name_in_the_cache_wins_over_a_file_of_that_name(stored: Path, folder: Path) -> None:
    (folder / "formal").write_bytes(b"GGUF")
    assert find_adapter("formal") == stored


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("name", ["casual", "formal.gguf", ".", "~no-such-user/x", "a\nb", "a\0b"])
def test_an_unknown_adapter_is_a_model_error_in_one_line_with_the_remedy(name: str) -> None:
    with pytest.raises(ModelError, match="Set KVASIR_ADAPTER, or run: python models list") as error:
        find_adapter(name)
    assert "\n" not in str(error.value)
    assert repr(name) in str(error.value)
