"""What a library cannot answer is refused, and what it can is not."""

from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import BaseMessage
from langchain_core.retrievers import BaseRetriever

from chains import LibraryRetriever, rag_chain
from chains.prompts import WORDINGS
from chains.refusal import CALIBRATIONS, NEAREST, log_odds, signs
from ingest import Library

FITTED = CALIBRATIONS["multilingual-e5-small"]
UNRELATED = ["Who won the 1998 World Cup in football?"]
ANSWERED = [
    "What is a group of cats called?",
    "Who designed the Pharos of Alexandria?",
    "龙井茶产于哪里？",
    "猫每天睡多久？",  # the text is English
]


class Deaf(FakeListChatModel):
    """A model that nobody may ask."""

    responses: list[str] = ["x"]  # noqa: RUF012

    def _stream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Any:
        raise AssertionError("the model was asked")


@pytest.mark.parametrize("question", UNRELATED)
def test_what_nothing_bears_on_is_said_without_the_model(library: Library, question: str) -> None:
    result = rag_chain(library, llm=Deaf()).invoke(question)
    assert result["refused"]
    assert result["answer"] in [wording.nothing_found for wording in WORDINGS.values()]
    assert result["citations"] == []
    assert result["grounded"] == 0
    assert result["sources"]  # the nearest there is, for the person to see


@pytest.mark.parametrize("question", ANSWERED)
def test_what_a_passage_answers_is_answered(library: Library, question: str) -> None:
    result = rag_chain(library, llm=FakeListChatModel(responses=["Yes."])).invoke(question)
    assert not result["refused"]
    assert result["answer"] == "Yes."


def test_nothing_is_refused_by_setting_or_with_a_retriever_of_ones_own(
    library: Library, settings: Any
) -> None:
    class Own(BaseRetriever):
        def _get_relevant_documents(self, query: str, **_: Any) -> Any:
            return LibraryRetriever(library=library).invoke(query)

    llm = FakeListChatModel(responses=["Yes."])
    assert not rag_chain(library, llm=llm, retriever=Own()).invoke(UNRELATED[0])["refused"]
    settings(REFUSE=0)
    assert not rag_chain(library, llm=llm).invoke(UNRELATED[0])["refused"]


def test_the_odds_rise_with_the_margin_and_with_the_words() -> None:
    near = [0.9, *[0.8] * (NEAREST - 1)]
    nearer = [0.95, *[0.8] * (NEAREST - 1)]
    question, half, whole = "How long do cats sleep?", "Cats are old.", "Cats sleep long."
    odds = [
        log_odds(signs(question, cosines, [text], FITTED), FITTED)
        for cosines, text in [(near, half), (nearer, half), (nearer, whole)]
    ]
    assert odds == sorted(odds)
    assert len(set(odds)) == 3


def test_a_passage_in_another_language_is_not_held_against_its_words() -> None:
    cosines = [0.9, *[0.8] * (NEAREST - 1)]
    found = signs("猫每天睡多久？", cosines, ["Cats sleep for 13 hours a day."], FITTED)
    assert found.coverage is None


def test_a_small_library_is_compared_with_the_usual_background() -> None:
    found = signs("How long do cats sleep?", [0.9, 0.6], ["Cats sleep."], FITTED)
    assert found.margin == pytest.approx(0.9 - FITTED.background["en"])
