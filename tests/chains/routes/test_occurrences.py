"""Places of a phrase: counted as they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.routes.occurrences import pattern_of

WORDS = st.lists(st.sampled_from(["fox", "foxes", "Fox", "FOX", "ox", "firefox", "den"]))


@given(WORDS, st.sampled_from([" ", "\n", ", ", "。", "-"]))
def test_whole_words_are_counted_in_any_case(words: list[str], between: str) -> None:
    text = between.join(words)
    expected = sum(word.lower() == "fox" for word in words)
    assert len(pattern_of("fox").findall(text)) == expected


@given(st.text("红绿茶，", max_size=30))
def test_chinese_is_counted_wherever_it_stands(text: str) -> None:
    assert len(pattern_of("红茶").findall(text)) == text.count("红茶")


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("red fox", "a red\nfox, a RED  FOX, redfox", ["red\nfox", "RED  FOX"]),
        ("红茶", "红\n茶", ["红\n茶"]),
        ("GPT", "使用GPT模型, GPTs, ＧＰＴ", ["GPT", "ＧＰＴ"]),
        ("don't", "Don’t don't", ["Don’t", "don't"]),
        ("3.5", "13.5 3.5 3.55", ["3.5"]),
        ("a.b", "a.b axb", ["a.b"]),
        ("C++", "C++ and C", ["C++"]),
    ],
)
def test_places_are_the_pages_own_characters(phrase: str, text: str, found: list[str]) -> None:
    assert [match.group() for match in pattern_of(phrase).finditer(text)] == found
