"""LoRA adapters of the chat model, for all calls and for one."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from questions import MILL, QUESTION

from models.bundled import CHAT_MODEL, bundled_chat_model
from models.chat_model import KvasirChat
from models.errors import ModelError


def test_an_unknown_adapter_is_a_model_error_with_the_remedy(chat: KvasirChat) -> None:
    for call in (
        lambda: chat.invoke(QUESTION, adapter="formal"),
        lambda: chat.model_copy(update={"adapter": "formal"}).warm(MILL),
        lambda: chat.model_copy(update={"adapter": "formal"}).likelihood(MILL),
    ):
        with pytest.raises(ModelError, match=r"no adapter 'formal': .* python models list"):
            call()


def test_a_file_that_is_no_adapter_is_a_model_error(chat: KvasirChat, folder: Path) -> None:
    (folder / "text.gguf").write_text("hello")
    with pytest.raises(ModelError, match=r"text.gguf is no GGUF file"):
        chat.invoke(QUESTION, adapter="text.gguf")
    with pytest.raises(ModelError, match="is no LoRA adapter for"):
        chat.invoke(QUESTION, adapter=str(bundled_chat_model()))


def test_an_adapter_changes_the_answers_of_its_calls_alone(
    chat: KvasirChat, folder: Path, setting: Callable[..., None]
) -> None:
    write_adapter(folder / "cache" / "adapters" / "odd.gguf")
    plain = chat.invoke(MILL).text
    odd = chat.invoke(MILL, adapter="odd").text
    assert odd != plain
    assert chat.invoke(MILL).text == plain
    assert chat.invoke(MILL, adapter="odd").text == odd
    setting(ADAPTER="odd", CACHE=folder / "cache")
    assert KvasirChat(model=CHAT_MODEL, max_tokens=12).invoke(MILL).text == odd


def write_adapter(path: Path) -> None:
    """A LoRA adapter of rank 4 for the bundled model's first queries, with random weights."""
    from gguf import GGUFWriter

    path.parent.mkdir(parents=True)
    random = np.random.default_rng(0)
    writer = GGUFWriter(path, "llama")
    writer.add_string("general.type", "adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 16.0)
    for layer in range(4):
        for end in "ab":
            numbers = random.normal(0, 0.3, (4, 576) if end == "a" else (576, 4))
            name = f"blk.{layer}.attn_q.weight.lora_{end}"
            writer.add_tensor(name, numbers.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
