"""The messages that are put to a model."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document

from chains.fence import fenced
from chains.language import Language
from chains.prompts import (
    FENCES,
    SYSTEM,
    SYSTEM_LARGE,
    TURNS,
    Turn,
    answer_messages,
    passage_messages,
    passage_text,
)

TEA = Document("Green {tea} is not fermented.", metadata={"title": "Tea"})
CATS = Document("Cats sleep.\nA lot.", metadata={"title": "Cats"})
SAID = st.text(min_size=1, max_size=20)
TURN = st.tuples(st.sampled_from(["human", "ai", "user", "assistant"]), SAID)


def blocks(messages: list[Any]) -> list[dict[str, Any]]:
    """The blocks that are marked, wherever they stand."""
    contents = [block for message in messages for block in message.content]
    return [block for block in contents if isinstance(block, dict) and "cache_control" in block]


@given(
    question=SAID,
    history=st.lists(TURN, max_size=7),
    language=st.sampled_from(["en", "zh"]),
    small=st.booleans(),
)
@settings(deadline=None)
def test_every_prompt_begins_as_the_passages_alone_do(
    question: str, history: list[Turn], language: Language, small: bool
) -> None:
    """So that what was computed of the passages is found again, whatever is asked."""
    alone = passage_messages([CATS, TEA], small=small)
    asked = answer_messages(question, [CATS, TEA], history, language, marked=True, small=small)
    assert asked[0] == alone[0]
    assert asked[1].content[:2] == alone[1].content
    assert blocks(asked) == alone[1].content


@given(question=SAID, history=st.lists(TURN, max_size=7), language=st.sampled_from(["en", "zh"]))
@settings(deadline=None)
def test_plain_text_says_the_same_as_blocks(
    question: str, history: list[Turn], language: Language
) -> None:
    marked = answer_messages(question, [CATS, TEA], history, language, marked=True)
    plain = answer_messages(question, [CATS, TEA], history, language, marked=False)
    assert all(isinstance(message.content, str) for message in plain)
    assert [m.type for m in plain] == [m.type for m in marked]
    assert [m.text for m in plain[2:]] == [m.text for m in marked[2:]]
    assert plain[0].text.startswith(marked[0].text)
    behind = marked[1].text.removeprefix(passage_text(CATS) + passage_text(TEA))
    assert (
        plain[1].text
        == f"{fenced('Cats', CATS.page_content)}{fenced('Tea', TEA.page_content)}{behind}"
    )


def test_a_passages_block_depends_on_nothing_else() -> None:
    alone = passage_messages([TEA])[1].content
    assert passage_messages([CATS, TEA])[1].content[1:] == alone
    assert alone[0]["text"] == passage_text(TEA)
    assert "Tea" in passage_text(TEA)
    assert "Green {tea} is not fermented." in passage_text(TEA)


def test_the_question_comes_last_behind_passages_and_turns() -> None:
    history = [("human", "Who?"), ("ai", "Ada.")]
    first, second, third, last = answer_messages("Why?", [TEA], history, "en", marked=False)
    assert first.text == f"{SYSTEM} {FENCES}"
    assert second.text.startswith(fenced("Tea", TEA.page_content))
    assert second.text.endswith("Who?")
    assert third.text == "Ada."
    assert last.text.endswith("Why?")


@pytest.mark.parametrize("small", [True, False])
def test_a_turn_reads_in_the_next_prompt_as_when_it_was_asked(small: bool) -> None:
    """So that a conversation's KV is gone on from, in whatever language it goes on."""
    history = [("human", "Who?"), ("ai", "A.")]
    asked = answer_messages("Who?", [TEA], [], "en", marked=True, small=small)
    later = answer_messages("为什么？", [TEA], history, "zh", marked=True, small=small)
    assert later[: len(asked)] == asked


@pytest.mark.parametrize("marked", [True, False])
def test_large_models_are_told_more_and_in_which_language_to_answer(marked: bool) -> None:
    messages = answer_messages("为什么？", [TEA], [], "zh", marked=marked, small=False)
    assert messages[0].text.startswith(SYSTEM_LARGE)
    assert messages[-1].text.endswith("为什么？\n请用中文回答。")
    small = answer_messages("为什么？", [TEA], [], "zh", marked=marked, small=True)
    assert small[0].text.startswith(SYSTEM)
    assert small[-1].text.endswith("为什么？")


def test_a_conversation_that_begins_with_an_answer_still_has_the_passages_first() -> None:
    messages = answer_messages("Why?", [TEA], [("ai", "Hello.")], "en", marked=True)
    assert [message.type for message in messages] == ["system", "human", "ai", "human"]
    assert messages[1].content == passage_messages([TEA])[1].content


def test_no_more_than_the_last_turns_are_put_to_any_model() -> None:
    history = [("human" if n % 2 else "ai", str(n)) for n in range(10)]
    messages = answer_messages("Why?", [TEA], history, "en", marked=False)
    said = " ".join(message.text for message in messages[2:])
    assert [n for n in range(10) if str(n) in said] == list(range(10 - TURNS, 10))


def test_without_passages_there_are_no_blocks() -> None:
    messages = answer_messages("Why?", [], [], "en", marked=True)
    assert [message.type for message in messages] == ["system", "human"]
    assert messages[1].text.endswith("Why?")
    assert blocks(messages) == []
