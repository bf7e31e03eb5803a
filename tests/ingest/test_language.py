"""A document's language is told by its script and its commonest words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.language import SAMPLE, language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The cat sleeps for most of the day, and that is what it likes.", "en"),
        ("绿茶不经过发酵。红茶是全发酵茶，起源于福建武夷山。", "zh"),
        ("用 KV cache 保存每个词元的键和值，可以加快 decode。", "zh"),
        ("お茶は日本でよく飲まれている飲み物です。", "ja"),
        ("고양이는 하루의 대부분을 잔다.", "ko"),
        ("Die Katze schläft und das ist auch nicht schlimm für den Hund.", "de"),
        ("Le chat dort et les souris dansent dans la maison avec une amie.", "fr"),
        ("El gato duerme y los ratones bailan en la casa con una amiga.", "es"),
        ("Il gatto dorme e i topi ballano nella casa con gli amici, anche di notte.", "it"),
        ("O gato não dorme e os ratos dançam com uma amiga, mais à noite do que de dia.", "pt"),
        ("De kat slaapt niet en het is ook laat, zijn de muizen aan het dansen?", "nl"),
        ("Кот спит большую часть дня и любит молоко.", ""),
        ("M8 bolt 12.50 EUR\nM10 bolt 14.00 EUR", "en"),
        ("12.5 | 13.5 | 2026-01-02", ""),
        ("", ""),
    ],
)
def test_a_few_words_tell_the_language(text: str, language: str) -> None:
    assert language_of([text]) == language


@given(st.lists(st.text(max_size=50), max_size=5))
def test_any_text_has_a_language_or_none(texts: list[str]) -> None:
    assert language_of(texts) in {"", "zh", "ja", "ko", "en", "de", "fr", "es", "it", "pt", "nl"}


def test_what_stands_behind_the_sample_does_not_matter() -> None:
    assert language_of(["茶" * SAMPLE, "the and of " * SAMPLE]) == "zh"


def test_a_text_in_pieces_is_one_text() -> None:
    pieces = ["th", "e cat ", "and", " the dog"]
    assert language_of(pieces) == language_of(["".join(pieces)]) == "en"
