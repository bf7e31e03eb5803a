"""The content words of a sentence where they stand, and those that another sentence lacks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from chains.figures import figures
from chains.words import STOP, stem
from ingest.segment import tagged

_WORD = re.compile(r"[^\W\d_\u3400-\u9fff][^\W_\u3400-\u9fff]*(?:['’][^\W\d_]+)?|[\u3400-\u9fff]+")
# jieba's parts of speech that say something: nouns, verbs, adjectives, idioms, names, places, times
_SAYING = tuple("nvaijlsftgz")


@dataclass(frozen=True)
class Term:
    """A content word: as written, by stem, and its span."""

    text: str
    root: str
    start: int
    end: int


@lru_cache(maxsize=4096)
def terms(text: str) -> tuple[Term, ...]:
    """A sentence's content words in its order, without the numbers."""
    counted = [(figure.start, figure.end) for figure in figures(text)]
    found: list[Term] = []
    for match in _WORD.finditer(text):
        word, start = match.group(), match.start()
        if word[0] >= "\u3400":
            found += _han(word, start)
        elif word.lower() not in STOP and len(word) > 1:
            plain = re.sub(r"['’]s?$", "", word)
            found.append(Term(plain, stem(plain), start, start + len(plain)))
    return tuple(t for t in found if not any(a <= t.start < b for a, b in counted))


def lacking(claim: str, text: str) -> list[Term]:
    """The content words of a claim that do not stand in a text."""
    roots = {term.root for term in terms(text)}
    return [
        term
        for term in terms(claim)
        if term.root not in roots and (term.text[0] < "\u3400" or term.text not in text)
    ]


def runs(found: Sequence[Term], text: str, apart: Sequence[Term] = ()) -> list[list[Term]]:
    """The terms in runs of neighbours; those in `apart` run with each other, the rest stand alone.

    Without `apart` all run together.
    """
    joined: list[list[Term]] = []
    for term in found:
        last = joined[-1][-1] if joined else None
        beside = last is not None and text[last.end : term.start] in ("", " ", "·", "-")
        if beside and (not apart or (last in apart and term in apart)):
            joined[-1].append(term)
        else:
            joined.append([term])
    return joined


def _han(run: str, start: int) -> list[Term]:
    found: list[Term] = []
    for word, tag in tagged(run):
        if tag.startswith(_SAYING) and word not in STOP:
            found.append(Term(word, word, start, start + len(word)))
        start += len(word)
    return found
