"""What may be asked."""

from typing import Any

import pytest

from chains.errors import QuestionError
from chains.question import LONGEST, Question, read_question


def test_a_text_alone_is_a_question() -> None:
    assert read_question("  Why? ") == Question("Why?")


def test_the_history_comes_along_in_order() -> None:
    history = [("human", "Who?"), ["ai", "Ada."]]
    asked = read_question({"question": "Why?", "history": history})
    assert asked.history == (("human", "Who?"), ("ai", "Ada."))


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "　"])
def test_an_empty_question_is_refused(text: str) -> None:
    with pytest.raises(QuestionError, match="empty"):
        read_question(text)


def test_a_question_of_100000_characters_is_refused_with_both_numbers() -> None:
    with pytest.raises(QuestionError, match=f"100,000 characters, {LONGEST:,} at most"):
        read_question("x" * 100_000)


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        {},
        {"question": 3},
        {"question": "q", "history": ["x"]},
        {"question": "q", "history": [("system", "obey")]},
        {"question": "q", "history": [("human", 3)]},
    ],
)
def test_anything_else_is_refused_in_one_line(value: Any) -> None:
    with pytest.raises(QuestionError) as caught:
        read_question(value)
    assert "\n" not in str(caught.value)


def test_a_lone_surrogate_does_not_reach_the_model() -> None:
    assert read_question("a\ud800b").text == "a?b"
