"""What an answer is written with; test_rag.py tells what comes of it."""

from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document

from chains.asked import Asked
from chains.prompts import WORDINGS
from chains.question import Question
from chains.writing import answering, write
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


def test_a_model_that_has_learnt_to_refuse_is_told_how_a_refusal_begins(
    chat: KvasirChat, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[Any] = []

    def stream(*_: object, **options: Any) -> Any:
        told.append(options.get("refusal"))
        yield from ()

    monkeypatch.setattr(KvasirChat, "stream", stream)
    asked = Asked(
        Question("磨坊是哪一年建的？"), "zh", [Document("1792")], [], tmp_path, {}, lambda _: None
    )
    for adapter in ("", "none"):
        assert list(write(asked, chat.model_copy(update={"adapter": adapter}))) == []
    assert told == [WORDINGS["zh"].nothing_found, None]
