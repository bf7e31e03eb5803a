"""What is searched for when a question leans on what was said before."""

import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel

from chains.followup import Standalone, search_text, standalone
from models.chat_model import KvasirChat

CACHE = [("human", "What is a KV cache?"), ("ai", "It keeps keys and values.")]
TOWER = [
    ("human", "Who designed the Pharos of Alexandria?"),
    ("ai", "It was designed by Sostratus of Cnidus."),
]


@pytest.mark.parametrize("question", ["How large is it?", "它占多少内存？"])
def test_a_pronoun_takes_the_topic_along_and_not_the_whole_question(question: str) -> None:
    text = search_text(question, CACHE)
    assert text.endswith(question)
    assert "KV" in text
    assert "What is" not in text


def test_he_is_whom_was_asked_for_and_it_is_not() -> None:
    assert "Sostratus" in search_text("When was he born?", TOWER)
    assert "Sostratus" not in search_text("When was it completed?", TOWER)


def test_a_fragment_takes_the_whole_question_along() -> None:
    assert search_text("Why?", CACHE) == "What is a KV cache? Why?"


def test_what_is_new_takes_the_place_of_its_like() -> None:
    history = [("human", "How large was the drought of 2010?"), ("ai", "Large.")]
    text = search_text("What about 2005?", history)
    assert "2005" in text
    assert "2010" not in text
    assert "drought" in text


def test_a_topic_is_carried_over_questions_that_lean() -> None:
    history = [*TOWER, ("human", "How tall was it?"), ("ai", "Over 100 metres.")]
    assert "pharos" in search_text("When was it completed?", history).lower()


@pytest.mark.parametrize(
    "question",
    ["Who introduced grouped-query attention?", "谁提出了分组查询注意力？", "What is LoRA?"],
)
def test_a_question_that_stands_alone_is_left_alone(question: str) -> None:
    assert standalone(question, CACHE) == Standalone(question)


def test_without_history_nothing_is_added() -> None:
    assert search_text("Why is it so?", []) == "Why is it so?"


def test_a_model_is_asked_only_where_the_rule_is_unsure() -> None:
    llm = FakeListChatModel(responses=["What was the budget of the restoration?"])
    for question in ("What is LoRA?", "How large is it?", "Why?"):
        assert standalone(question, CACHE, llm).by != "model"
    found = standalone("What was the budget?", CACHE, llm)
    assert found == Standalone("What was the budget of the restoration?", "model")


@pytest.mark.parametrize("reply", ["", "一个问题？", "a" * 400, "One.\nTwo."])
def test_what_is_no_rewriting_leaves_it_to_the_rule(reply: str) -> None:
    found = standalone("What was the budget?", CACHE, FakeListChatModel(responses=[reply]))
    assert found.by == "rule"


def test_a_small_model_is_never_asked() -> None:
    assert standalone("What was the budget?", CACHE, KvasirChat()).by == "rule"
