"""What is searched for when a question leans on the one before."""

import pytest

from chains.followup import search_text

HISTORY = [("human", "What is a KV cache?"), ("ai", "It keeps keys and values.")]


@pytest.mark.parametrize("question", ["How large is it?", "Why?", "它占多少内存？"])
def test_a_short_question_that_leans_takes_the_last_one_along(question: str) -> None:
    assert search_text(question, HISTORY) == f"What is a KV cache? {question}"


@pytest.mark.parametrize(
    "question",
    ["Who introduced grouped-query attention?", "谁提出了分组查询注意力？", "What is LoRA?"],
)
def test_a_question_that_stands_alone_is_left_alone(question: str) -> None:
    assert search_text(question, HISTORY) == question


def test_without_history_nothing_is_added() -> None:
    assert search_text("Why is it so?", []) == "Why is it so?"
