"""Prompts that must fit into the model's context."""

import pytest
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel

from chains.errors import QuestionError
from chains.fit import TURNS, fit
from chains.question import Question
from models.chat_model import KvasirChat

PASSAGES = [Document(f"Passage {n}. " + "word " * 300, metadata={"title": f"t{n}"}) for n in "ABC"]
LONG = "An earlier turn. " * 300


def test_what_fits_is_left_whole(chat: KvasirChat) -> None:
    fitted = fit(Question("Why?", (("human", "Who?"), ("ai", "Ada."))), PASSAGES[:1], "en", chat)
    assert (fitted.dropped_turns, fitted.dropped_passages) == (0, 0)
    assert [message.type for message in fitted.messages] == ["system", "human", "ai", "human"]
    assert fitted.messages[-1].text.endswith("Why?")


def test_the_oldest_turns_go_before_the_last_passages(chat: KvasirChat) -> None:
    history = (("human", LONG), ("ai", LONG), ("human", "Short?"), ("ai", "Yes."))
    fitted = fit(Question("Why?", history), PASSAGES, "en", chat)
    assert fitted.dropped_turns >= 2
    assert fitted.dropped_passages == 0
    assert chat.prompt_length(fitted.messages) + chat.max_tokens <= chat.context_size


def test_the_best_passage_stays_longest(chat: KvasirChat) -> None:
    fitted = fit(Question("Why?"), PASSAGES * 3, "en", chat)
    assert 0 < fitted.dropped_passages < 9
    assert "Passage A" in fitted.messages[0].text
    assert chat.prompt_length(fitted.messages) + chat.max_tokens <= chat.context_size


def test_a_question_that_does_not_fit_alone_is_refused_not_cut(chat: KvasirChat) -> None:
    with pytest.raises(QuestionError, match="2048 tokens"):
        fit(Question("why " * 2100), PASSAGES, "en", chat)


def test_no_more_than_the_last_turns_are_put_to_any_model() -> None:
    history = tuple(("human" if n % 2 else "ai", str(n)) for n in range(10))
    fitted = fit(Question("Why?", history), PASSAGES, "en", FakeListChatModel(responses=["x"]))
    assert fitted.dropped_turns == 10 - TURNS
    assert [message.text for message in fitted.messages[1:-1]] == ["6", "7", "8", "9"]
