"""How near texts come to gold answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.evaluation.scores import f1, holds, words


@pytest.mark.parametrize(
    ("text", "gold"),
    [
        ("It was completed in 280 BC.", "280 bc"),
        ("The Broncos won.", "the Broncos"),
        ("9,500 years old", "9500"),
        ("在约 13 小时之后", "13小时"),
        ("约13小时", "13"),
        ("起源于福建武夷\n山。", "武夷山"),
        ("It’s “full–time” work", "full-time"),
        ("ＡＢＣ公司", "ABC"),
        ("He said so.", "so."),
    ],
)
def test_a_gold_answer_stands_in_a_text_however_it_is_set(text: str, gold: str) -> None:
    assert holds(text, [gold])


@pytest.mark.parametrize(
    ("text", "gold"),
    [
        ("in 1985", "5"),
        ("1.5 metres", "5"),
        ("12,500 men", "500"),
        ("cats", "cat"),
        ("concatenate", "cat"),
        ("武夷", "武夷山"),
        ("anything", ""),
        ("", "cat"),
    ],
)
def test_a_part_of_a_word_or_number_is_no_gold_answer(text: str, gold: str) -> None:
    assert not holds(text, [gold])


def test_one_of_several_gold_answers_is_enough_and_none_are_never() -> None:
    assert holds("It is Cyprus.", ["Crete", "Cyprus"])
    assert not holds("It is Cyprus.", [])


@given(st.text(max_size=80))
def test_every_text_holds_itself_or_has_nothing_to_hold(text: str) -> None:
    assert holds(text, [text]) or not text.strip()


@given(st.text(max_size=40), st.text(max_size=40))
def test_f1_is_a_share_the_same_both_ways_and_1_for_the_same_words(a: str, b: str) -> None:
    assert 0 <= f1(a, [b]) <= 1
    assert f1(a, [b]) == pytest.approx(f1(b, [a]))
    assert f1(a, [a]) == 1


def test_f1_counts_words_in_english_and_characters_in_chinese() -> None:
    assert words("The 9,500 cats, in 杭州 2015年。") == [
        "9500",
        "cats",
        "in",
        "杭",
        "州",
        "2015",
        "年",
    ]
    assert f1("a group of cats", ["cats"]) == pytest.approx(2 * (1 / 3) / (1 / 3 + 1))
    assert f1("杭州西湖", ["西湖"]) == pytest.approx(2 * 0.5 / 1.5)
    assert f1("dogs", ["cats", "dogs"]) == 1
    assert f1("dogs", []) == 0
