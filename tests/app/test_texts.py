"""The interface's words, in both languages."""

import re
from dataclasses import asdict
from string import Formatter

import pytest

from app.texts import TONGUES, texts_for, tongue_of
from app.texts_en import ENGLISH
from app.texts_zh import CHINESE

HAN = "\u4e00-\u9fff"


def fields_of(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_both_languages_say_everything_and_take_the_same_fields() -> None:
    chinese, english = asdict(CHINESE), asdict(ENGLISH)
    assert chinese.keys() == english.keys()
    for name, words in english.items():
        if isinstance(words, str):
            assert words.strip(), name
            assert chinese[name].strip(), name
            assert fields_of(words) == fields_of(chinese[name]), name


def test_chinese_is_written_in_chinese_with_its_own_punctuation() -> None:
    for name, words in asdict(CHINESE).items():
        for line in [words] if isinstance(words, str) else words:
            if name not in ("status_details", "added_on"):
                assert re.search(f"[{HAN}]", line), name
            assert not re.search(f"[{HAN}][,.:;?!()]|[,.:;?!()][{HAN}]", line), name


def test_there_are_as_many_first_questions_in_either_language() -> None:
    assert len(CHINESE.suggestions) == len(ENGLISH.suggestions) >= 3


@pytest.mark.parametrize(
    ("locale", "tongue"),
    [
        ("zh-CN", "zh"),
        ("zh", "zh"),
        ("zh_TW", "zh"),
        ("en-US", "en"),
        ("fr", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_the_browsers_locale_chooses_the_language(locale: str | None, tongue: str) -> None:
    assert tongue_of(locale) == tongue


def test_every_language_has_its_texts() -> None:
    assert [texts_for(tongue) for tongue in TONGUES] == [ENGLISH, CHINESE]
