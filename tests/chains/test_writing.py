"""Which adapter an answer is written with; test_rag.py tells what comes of it."""

import pytest

from chains.writing import answering
from models.bundled import bundled_adapter, bundled_chat_model
from models.chat_model import KvasirChat


def test_the_bundled_model_writes_with_its_own_adapter(chat: KvasirChat) -> None:
    assert answering(chat).adapter == str(bundled_adapter())
    assert chat.adapter == ""


@pytest.mark.parametrize("adapter", ["none", "mine"])
def test_what_is_set_stays(chat: KvasirChat, adapter: str) -> None:
    assert answering(chat.model_copy(update={"adapter": adapter})).adapter == adapter


def test_other_models_have_none(chat: KvasirChat) -> None:
    other = KvasirChat(model=str(bundled_chat_model()))
    assert answering(other) is other
