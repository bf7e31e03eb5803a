"""The words of the pages that have words of their own, in both languages."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from string import Formatter
from typing import Any

import pytest

from app import engine_texts_en, engine_texts_zh, quality_texts_en, quality_texts_zh

HAN = "\u4e00-\u9fff"
PAGES = [
    pytest.param(engine_texts_en.ENGLISH, engine_texts_zh.CHINESE, id="engine"),
    pytest.param(quality_texts_en.ENGLISH, quality_texts_zh.CHINESE, id="quality"),
]
NAMES = {"kinds/adapter", "topics/llama.cpp", "topics/GPU"}  # the same in every language


def lines(texts: Any) -> Iterator[tuple[str, str]]:
    for name, words in asdict(texts).items():
        if isinstance(words, dict):
            yield from ((f"{name}/{key}", line) for key, line in words.items())
        else:
            yield name, words


def fields_of(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize(("english", "chinese"), PAGES)
def test_both_languages_say_everything_and_take_the_same_fields(english: Any, chinese: Any) -> None:
    ours, theirs = dict(lines(english)), dict(lines(chinese))
    assert ours.keys() == theirs.keys()
    for name, words in ours.items():
        assert words.strip(), name
        assert fields_of(words) == fields_of(theirs[name]), name


@pytest.mark.parametrize(("english", "chinese"), PAGES)
def test_chinese_is_written_in_chinese_with_its_own_punctuation(english: Any, chinese: Any) -> None:
    for name, line in lines(chinese):
        assert name in NAMES or re.search(f"[{HAN}]", line), name
        assert not re.search(f"[{HAN}][,.:;?!()]|[,.:;?!()][{HAN}]", line), name
