"""Ranking again: when it happens, what it costs at most, and what it leaves alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.language_models.fake_chat_models import FakeListChatModel

from chains.rerank import BUDGET, UNSURE, lead, rerank
from models.chat_model import KvasirChat
from models.engine.stream import Likelihood, Prefill, Waiting
from models.errors import ModelError

QUESTION = "How long do cats sleep each day?"
CATS = "Cats sleep for 13 hours a day."
TEA = "Longjing tea is grown around the West Lake in Hangzhou."


def passage(text: str, score: float, strength: float = 0.5, source: str = "") -> Document:
    metadata = {"source": source or text, "score": score, "strength": strength, "exact": 0}
    return Document(text, metadata=metadata)


@pytest.fixture
def unsure() -> list[Document]:
    return [passage(TEA, 0.4, 0.6), passage(CATS, 0.38, 0.6), passage("Rain.", 0.3, 0.1)]


def test_the_passage_that_makes_the_question_likely_comes_first(
    unsure: list[Document], chat: KvasirChat, tmp_path: Path
) -> None:
    for way in ("auto", "likelihood"):
        found = rerank(QUESTION, unsure, way, lambda: chat, tmp_path / "kv")
        assert [p.page_content for p in found] == [CATS, TEA, "Rain."]
        assert [p.metadata["score"] for p in found] == [0.4, 0.38, 0.3]
    assert [p.page_content for p in unsure] == [TEA, CATS, "Rain."]


class Scripted(KvasirChat):
    """Instead of an engine: reports a progress, then a likelihood; `asked` counts the calls."""

    event: Any = None
    size: int = 1
    asked: list[int] = []  # noqa: RUF012 - pydantic copies it

    @property
    def parameters(self) -> int:
        return self.size

    def likelihood(self, messages: Any, on_progress: Any = None) -> Likelihood:
        self.asked.append(1)
        if self.event is not None:
            on_progress(self.event)
        return Likelihood((-50.0, -5.0), 10, 100, 0)


@pytest.mark.parametrize(
    ("event", "reads"),
    [
        (None, True),
        (Prefill(0, BUDGET + 90, 90), True),
        (Prefill(0, BUDGET + 91, 90), False),
        (Waiting(1), False),
    ],
)
def test_auto_keeps_nobody_waiting(
    unsure: list[Document], tmp_path: Path, event: Any, reads: bool
) -> None:
    model = Scripted(model="none", event=event)
    found = rerank(QUESTION, unsure, "auto", lambda: model, tmp_path)
    assert found[0].page_content == (CATS if reads else TEA)
    patient = rerank(QUESTION, unsure, "likelihood", lambda: model, tmp_path)
    assert patient[0].page_content == CATS


@pytest.mark.parametrize(
    ("question", "size", "strength", "asks"),
    [
        (QUESTION, 1, 0.6, True),
        (QUESTION, 1, 0.61 + UNSURE, False),
        ("猫每天睡多久？", 1, 0.6, False),
        ("猫每天睡多久？", 8_000_000_000, 0.6, True),
    ],
)
def test_auto_asks_a_model_only_where_that_is_worth_it(
    tmp_path: Path, question: str, size: int, strength: float, asks: bool
) -> None:
    model = Scripted(model="none", size=size, asked=[])
    found = [passage(TEA, 0.4, strength), passage(CATS, 0.38, 0.6)]
    rerank(question, found, "auto", lambda: model, tmp_path)
    assert bool(model.asked) == asks


def test_a_lead_is_over_the_next_document_not_over_the_same() -> None:
    found = [passage("a", 1, 0.9, "one"), passage("b", 1, 0.85, "one"), passage("c", 1, 0.5, "two")]
    assert lead(found) == pytest.approx(0.4)
    assert lead(found[:2]) == pytest.approx(0.9)


def test_off_and_a_model_elsewhere_leave_all_as_it_is(
    unsure: list[Document], tmp_path: Path
) -> None:
    def never() -> Any:
        raise AssertionError("no model is wanted")

    elsewhere: Callable[[], Any] = lambda: FakeListChatModel(responses=[])  # noqa: E731
    assert rerank(QUESTION, unsure, "off", never, tmp_path) == unsure
    assert rerank(QUESTION, unsure, "auto", None, tmp_path) == unsure
    assert rerank(QUESTION, unsure, "auto", elsewhere, tmp_path) == unsure
    assert rerank(QUESTION, unsure[:1], "likelihood", never, tmp_path) == unsure[:1]
    with pytest.raises(ModelError, match="only a model on this machine"):
        rerank(QUESTION, unsure, "likelihood", elsewhere, tmp_path)
