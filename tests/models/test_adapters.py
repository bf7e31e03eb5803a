from collections.abc import Callable
from pathlib import Path

import pytest

from models.adapters import adapters_folder, find_adapter
from models.errors import ModelError


@pytest.fixture
def stored(folder: Path, setting: Callable[..., None]) -> Path:
    """An adapter that is found by the name `formal`."""
    setting(CACHE=folder / "cache")
    adapters_folder().mkdir(parents=True)
    path = adapters_folder() / "formal.gguf"
    path.write_bytes(b"GGUF")
    return path


def test_no_name_is_no_adapter() -> None:
    assert find_adapter("") is None


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
