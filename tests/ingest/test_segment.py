import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.segment import MAX_TERM, segment


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_terms_hold_no_white_space_and_are_folded(text: str) -> None:
    for term in segment(text):
        assert term
        assert not any(character.isspace() for character in term)
        assert len(term) <= MAX_TERM


@given(st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd"])))
def test_capitals_and_full_width_forms_find_the_small_ones(text: str) -> None:
    assert segment(text.lower()) == segment(text.lower().lower())


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Beyoncé’s ＧＰＴ", ["beyonce", "gpt"]),
        ("1,190 questions, 3.5%", ["1190", "questions", "3.5"]),
        ("GPT-4", ["gpt-4", "gpt", "4"]),
        ("kv_cache C++", ["kv_cache", "kv", "cache", "c++"]),
        ("用KV缓存", ["用", "kv", "缓存"]),
        ("清华大学", ["清华", "华大", "大学", "清华大学"]),
        ("ラーメン", ["ラー", "ーメ", "メン"]),
        ("한국어", ["한국", "국어"]),
        ("「」 … —", []),
    ],
)
def test_each_script_gives_its_terms(text: str, terms: list[str]) -> None:
    assert segment(text) == terms
