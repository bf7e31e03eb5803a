import pytest

from models import bundled
from models.bundled import bundled_chat_model, bundled_embedder
from models.errors import ModelError


def test_the_bundled_files_are_there_and_begin_with_their_magic() -> None:
    for path, magic in ((bundled_chat_model(), b"GGUF"), (bundled_embedder(), b"E5S1")):
        with path.open("rb") as file:
            assert file.read(4) == magic


@pytest.mark.parametrize("find", [bundled_chat_model, bundled_embedder])
def test_a_package_that_is_not_installed_is_named(find, monkeypatch: pytest.MonkeyPatch) -> None:
    bundled._folder.cache_clear()
    monkeypatch.setattr(bundled, "find_spec", lambda module: None)
    with pytest.raises(ModelError, match=r"is not installed. Run: make install"):
        find()


@pytest.mark.parametrize("find", [bundled_chat_model, bundled_embedder])
def test_a_package_without_its_file_is_named(
    find, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled, "_folder", lambda module, package: tmp_path)
    with pytest.raises(ModelError, match=r"holds no .*Run: make clean install"):
        find()
