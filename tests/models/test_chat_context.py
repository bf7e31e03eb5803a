"""Conversations that do not fit into the context."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from questions import ASKED, MILL, PASSAGES, QUESTION, asking, prompt_of

from models.chat_model import KvasirChat
from models.engine.engine import Engine, PromptTooLong


def test_a_conversation_longer_than_the_context_is_answered_and_says_what_it_dropped(
    chat: KvasirChat, short: Engine
) -> None:
    turns = [
        turn
        for number in range(20)
        for turn in (("human", f"What about the number {number}?"), ("ai", "It is a number. " * 3))
    ]
    answer = chat.invoke([("system", "Be brief."), *turns, ("human", "And 20?")], max_tokens=4)
    assert answer.text
    dropped = answer.response_metadata["dropped_turns"]
    assert dropped % 2 == 0
    assert 0 < dropped < 40
    assert short.context_size - 60 < answer.usage_metadata["input_tokens"] <= short.context_size - 4


@pytest.mark.parametrize("reading", ["fused", "joint"])
def test_passages_that_do_not_fit_are_dropped_from_the_end(
    chat: KvasirChat, short: Engine, reading: str
) -> None:
    long = [f"{passage.strip()} " * 5 for passage in PASSAGES for _ in range(2)]
    messages = asking(ASKED, long)
    answer = chat.invoke(messages, max_tokens=2, passages=reading)
    dropped = answer.response_metadata["dropped_passages"]
    assert 0 < dropped < 6
    assert answer.usage_metadata["input_tokens"] <= short.context_size
    kept = prompt_of(chat, asking(ASKED, long[: 6 - dropped]))
    if reading == "fused":
        assert len(answer.response_metadata["weights"]) == 6 - dropped
        assert answer.usage_metadata["input_tokens"] == kept.fused_cells
    else:
        assert answer.usage_metadata["input_tokens"] == len(kept.tokens)


def test_passages_stay_however_long_the_answer_may_become(chat: KvasirChat, short: Engine) -> None:
    answer = chat.invoke(MILL, max_tokens=5000, stop=["e"])
    assert answer.response_metadata["dropped_passages"] == 0
    assert len(answer.response_metadata["weights"]) == 3


def test_a_fused_answer_that_fills_the_context_ends_there(chat: KvasirChat, short: Engine) -> None:
    messages = asking(ASKED, PASSAGES * 2)
    weighed = chat.invoke(messages, max_tokens=1).response_metadata["log_likelihoods"]
    endless = 'root ::= "a b c d e f g h i j k l m n o p " root'
    even = [-value for value in weighed]  # so that no stream is dropped before the end
    answer = chat.invoke(messages, max_tokens=5000, grammar=endless, priors=even, bayes=False)
    assert answer.response_metadata["finish_reason"] == "length"
    streams, cells = len(weighed), prompt_of(chat, messages).fused_cells
    assert answer.usage_metadata["output_tokens"] >= (short.context_size - cells) // streams


def test_a_question_that_alone_is_too_long_is_refused_in_one_line(chat: KvasirChat) -> None:
    for messages in ("why? " * 20_000, asking("why? " * 20_000), [*QUESTION, ("ai", "?" * 99_999)]):
        with pytest.raises(PromptTooLong, match="or set KVASIR_CONTEXT") as caught:
            chat.invoke(messages)
        assert "\n" not in str(caught.value)
