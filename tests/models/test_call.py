from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.call import has_room, reading_of, refusal_of
from models.chat_model import KvasirChat
from models.engine.context import SEQUENCES
from models.engine.prompt import Prompt, Reading
from models.errors import ModelError

FUSED, JOINT = Reading("fused"), Reading("joint")


def prompt(prefix: int, passages: list[int], suffix: int) -> Prompt:
    """A prompt with parts of these lengths."""
    return Prompt((1,) * prefix, tuple((2,) * length for length in passages), (3,) * suffix)


lengths = st.integers(0, 60)
prompts = st.builds(prompt, lengths, st.lists(lengths, max_size=6), lengths)


@given(prompt=prompts, answer=st.integers(1, 100), context=st.integers(1, 600))
def test_a_prompt_that_has_room_leaves_it_for_the_answer_or_for_half_of_the_context(
    prompt: Prompt, answer: int, context: int
) -> None:
    for reading in (FUSED, JOINT):
        apart = reading == FUSED and len(prompt.passages) > 1
        cells = prompt.fused_cells if apart else len(prompt.tokens)
        wanted = answer * (len(prompt.passages) if apart else 1)
        room = context - cells
        assert has_room(prompt, reading, answer, context) is (
            room >= wanted or room >= context // 2
        )


@given(prompt=prompts, context=st.integers(1, 600))
def test_a_prompt_of_half_the_context_has_room_however_long_its_answer_may_become(
    prompt: Prompt, context: int
) -> None:
    if 2 * len(prompt.tokens) <= context:
        assert has_room(prompt, JOINT, 10**9, context)


def test_the_stream_that_answers_are_contrasted_with_takes_room_too() -> None:
    contrasted = Reading("fused", contrast=0.25)
    two = prompt(10, [20, 20], 5)  # 10 + 2 * (20 + 5) cells, and 5 without a passage
    assert has_room(two, FUSED, 10, two.fused_cells + 20)
    assert not has_room(two, contrasted, 10, two.fused_cells + 20)
    assert not has_room(two, contrasted, 10, two.fused_cells + 5 + 30 - 1)
    assert has_room(two, contrasted, 10, two.fused_cells + 5 + 30)
    assert has_room(prompt(10, [20], 5), contrasted, 10, 45)  # one passage has nothing to mix


def test_passages_are_read_side_by_side_as_far_as_there_are_sequences() -> None:
    assert has_room(prompt(1, [1] * (SEQUENCES // 2), 1), FUSED, 1, 10_000)
    assert not has_room(prompt(1, [1] * SEQUENCES, 1), FUSED, 1, 10_000)
    assert has_room(prompt(1, [1] * SEQUENCES, 1), JOINT, 1, 10_000)


def test_a_refusal_is_told_by_its_first_character_in_chinese_and_by_its_first_words_in_english(
    chat: KvasirChat,
) -> None:
    model = chat.engine.model
    first = [b"".join(map(model.piece, refusal_of(model, words))) for words in ("您的", "None of")]
    assert first[0].decode() == "您"
    assert first[1].decode() == "None of"


def test_a_reading_is_made_of_the_values_that_are_given() -> None:
    values = {"passages": "joint", "reuse": "off", "priors": [0, -1.5], "contrast": 0.5}
    assert reading_of(values) == Reading("joint", "off", contrast=0.5, priors=(0.0, -1.5))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("passages", "both"),
        ("reuse", None),
        ("priors", ["x"]),
        ("priors", 3),
        ("priors", [float("nan")]),
        ("priors", [0.0, float("inf")]),
        ("contrast", "much\nmore"),
        ("bayes", "perhaps"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_in_one_line(name: str, value: Any) -> None:
    with pytest.raises(ModelError, match=f"{name} = .* cannot be used: ") as caught:
        reading_of({"passages": "fused", "reuse": "exact", name: value})
    assert "\n" not in str(caught.value)
