"""Which sentences stand by themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.evaluation.draft import Draft, stand_alone


@pytest.mark.parametrize(
    "sentence",
    [
        "The Pharos of Alexandria was completed in 280 BC.",
        "Microsoft released Windows CE in 1996, a version for small computers.",
    ],
)
def test_a_whole_sentence_stands_alone(sentence: str) -> None:
    assert stand_alone(f"It is old. {sentence} He said so.", "en") == [sentence]


@pytest.mark.parametrize(
    "sentence",
    [
        "It was completed by the king in the year 280 BC.",
        "The king completed this tower in the year 280 BC.",
        "However, the tower was completed in the year 280 BC.",
        "The tower is shown in Figure 3 as it was in 280 BC.",
        "The tower (completed in 280 BC was over 100 metres tall.",
        "Was the tower completed in the year 280 BC or later?",
        "Too short.",
        "The Tower of the King in the Year 280",
        "The tower | was completed | in the year | of 280 BC.",
        "the tower was completed in the year 280 BC.",
        "The king, who was " + "very " * 60 + "old, is dead.",
    ],
)
def test_what_leans_on_others_or_is_no_sentence_does_not(sentence: str) -> None:
    assert stand_alone(sentence, "en") == []


def test_chinese_sentences_lose_the_breaks_of_the_page() -> None:
    broken = "托勒密王朝统治埃及期间修建的亚历山大灯塔于公元前280年\n建成。它很高，超过一百米。"
    assert stand_alone(broken, "zh") == [
        "托勒密王朝统治埃及期间修建的亚历山大灯塔于公元前280年建成。"
    ]
    assert stand_alone("因此亚历山大灯塔于公元前280年建成。", "zh") == []


def test_a_draft_is_sound_if_the_sentence_answers_it_and_the_question_does_not() -> None:
    assert Draft("When was it built?", "280 BC", "The Pharos was built in 280 BC.").sound
    assert not Draft("When was it built?", "281 BC", "The Pharos was built in 280 BC.").sound
    assert not Draft("Was it built in 280 BC?", "280 BC", "The Pharos was built in 280 BC.").sound


@given(st.text(max_size=300))
def test_any_text_has_sentences_or_none(text: str) -> None:
    for language in ("en", "zh"):
        for sentence in stand_alone(text, language):  # type: ignore[arg-type]
            assert "\n" not in sentence
            assert len(sentence) <= 260
