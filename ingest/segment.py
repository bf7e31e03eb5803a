"""Text into the terms of the keyword index, whatever its language.

Words are folded (NFKC, small letters, no accents); Chinese is cut by jieba, scripts written
without spaces become pairs of characters, numbers and identifiers stay whole. It does not know
the index, and does not stem.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import rjieba

VERSION = 1
"""Raised when the same text gives other terms: an index of another version is rebuilt."""

MAX_TERM = 64
"""Longer words (base64, rows of dashes) are cut to this many characters."""

_HAN = r"々〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNSPACED = (  # kana, Hangul, Thai, Lao, Tibetan, Burmese, Khmer
    r"\u3040-\u30ff\u31f0-\u31ff\uac00-\ud7af\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"
)
_RUN = re.compile(
    rf"(?P<han>[{_HAN}]+)"
    rf"|(?P<unspaced>[{_UNSPACED}]+)"
    rf"|(?P<word>[^\W_{_HAN}{_UNSPACED}]+(?:[-_.,'’@/+#]+[^\W_{_HAN}{_UNSPACED}]+)*[+#]*)"
)
_HAN_TERM = re.compile(rf"[{_HAN}]")
_ACCENT = re.compile(r"(?<=[a-z])[\u0300-\u036f]+")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)+")
_PART = re.compile(r"[^\W_]+")


def segment(text: str) -> list[str]:
    """The terms of a text, in order, none with white space in it; [] for a blank text."""
    return [term[:MAX_TERM] for term in _terms(folded(text))]


def folded(text: str) -> str:
    """The text in small letters, without accents, compatible characters made one (NFKC)."""
    decomposed = unicodedata.normalize("NFKD", text).lower()
    return unicodedata.normalize("NFKC", _ACCENT.sub("", decomposed))


def _terms(text: str) -> Iterator[str]:
    for run in _RUN.finditer(text):
        if run.lastgroup == "han":
            yield from rjieba.cut_for_search(run.group())
        elif run.lastgroup == "unspaced":
            yield from _pairs(run.group())
        else:
            yield from _word(run.group())


def han_pairs(text: str) -> list[str]:
    """Each two Chinese characters that stand together, in order.

    They find what jieba cuts one way in a text and another way in a question: names above all.
    """
    runs = (run for run in _RUN.finditer(folded(text)) if run.lastgroup == "han")
    return [pair for run in runs for pair in _pairs(run.group()) if len(pair) > 1]


def is_han(term: str) -> bool:
    """Whether a term is Chinese."""
    return bool(_HAN_TERM.match(term))


def _pairs(run: str) -> Iterator[str]:
    if len(run) == 1:
        yield run
    for i in range(len(run) - 1):
        yield run[i : i + 2]


def _word(word: str) -> Iterator[str]:
    """The word, and the parts of a compound beside it: "gpt-4" gives gpt-4, gpt and 4."""
    if word.isalnum():  # nearly all of them
        yield word
        return
    word = word.replace("’", "'").removesuffix("'s")
    if _THOUSANDS.fullmatch(word):
        yield word.replace(",", "")
        return
    yield word
    parts = _PART.findall(word)
    if len(parts) > 1 and not _NUMBER.fullmatch(word):
        yield from parts


def tagged(text: str) -> list[tuple[str, str]]:
    """The text cut into words by jieba, each with its part of speech; joined, they are the text.

    Names are nr (persons), ns (places), nt (organisations) and nz (others), perhaps with a letter
    behind; what is not Chinese is eng, m or x.
    """
    return list(rjieba.tag(text))
