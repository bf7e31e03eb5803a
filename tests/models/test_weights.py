from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

from models.bundled import CHAT_MODEL, bundled_chat_model
from models.errors import ModelError
from models.weights import find_weights, is_provider


@pytest.mark.parametrize("name", ["openai:gpt-x", "ollama:llama3", "openai:ft:gpt:me"])
def test_a_provider_and_its_model_are_no_file(name: str) -> None:
    assert is_provider(name)


@pytest.mark.parametrize("name", [CHAT_MODEL, "a/b:c.gguf", "a/b:c.GGUF", "model.gguf", "/a/b.bin"])
def test_files_and_names_of_files_are_no_provider(name: str) -> None:
    assert not is_provider(name)


def test_a_bundled_name_and_a_path_lead_to_their_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_weights(CHAT_MODEL) == bundled_chat_model()
    (folder / "my.gguf").touch()
    monkeypatch.setenv("HOME", str(folder))
    assert find_weights("my.gguf") == Path("my.gguf")
    assert find_weights("~/my.gguf") == folder / "my.gguf"


@pytest.mark.parametrize("name", ["", "nothing.gguf", "/nowhere/nothing.gguf", "smollm", "."])
def test_a_name_that_is_nothing_is_quoted_beside_what_there_is(name: str) -> None:
    with pytest.raises(ModelError, match=f"(?s){CHAT_MODEL}.*Set KVASIR_MODEL") as caught:
        find_weights(name)
    assert f"there is no model {name}: " in str(caught.value)


def test_a_name_on_the_hub_is_asked_for_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        huggingface_hub, "hf_hub_download", lambda *names: asked.append(names) or "/cache/file"
    )
    assert find_weights("owner/repository:file.gguf") == Path("/cache/file")
    assert asked == [("owner/repository", "file.gguf")]


@pytest.mark.parametrize(
    "error", [LocalEntryNotFoundError("no net\nmore"), OSError("full"), OSError()]
)
def test_what_the_hub_refuses_is_told_in_one_line(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*names: str) -> str:
        raise error

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", refuse)
    with pytest.raises(ModelError, match="of a/b cannot be had from the hub: ") as caught:
        find_weights("a/b:file.gguf")
    assert "\n" not in str(caught.value)
