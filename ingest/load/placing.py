"""Where words of one text stand in another text of the same page.

A page as the library has it and as PDFium counts its characters differ in spaces, line ends,
hyphens, ligatures, accents and in the order of columns. What they have in common are the letters
and figures: only these are compared. It knows neither PDFs nor the library.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

Span = tuple[int, int]

_ENOUGH = 0.6  # of a span's letters: with fewer found, it is somewhere else
_SHORTEST = 8  # letters in a row that are looked for; fewer stand anywhere by chance
_SHORTEST_CJK = 4
_CONTEXT = 80  # letters before and after that tell one place from another
_MOST = 200  # places of one wording that are compared
_FIRST_CJK = "\u2e80"


@dataclass(frozen=True)
class Letters:
    """A text's letters and figures, folded; `places` says where in the text each one came from."""

    text: str
    folded: str
    places: list[int]

    @classmethod
    def of(cls, text: str) -> Letters:
        folded: list[str] = []
        places: list[int] = []
        for place, character in enumerate(text):
            for letter in _folded(character):
                folded.append(letter)
                places.append(place)
        return cls(text, "".join(folded), places)

    def range(self, span: Span) -> Span:
        """The letters that came from a span of the text."""
        return bisect_left(self.places, span[0]), bisect_left(self.places, span[1])

    def span(self, start: int, end: int) -> Span:
        """The part of the text that some letters, one at least, came from."""
        return self.places[start], self.places[end - 1] + 1


def place(span: Span, text: Letters, other: Letters) -> list[Span]:
    """Where the words of a span of `text` stand in `other`: one span, or more where parted.

    Of several such places it is the one whose surroundings agree best, then the nearest by its
    share of the text. [] where most of the words stand nowhere.
    """
    start, end = text.range(span)
    if start >= end:
        return []
    wanted = text.folded[start:end]
    whole = list(_places_of(wanted, other.folded))
    if whole:
        first = max(whole, key=lambda at: _likeness(text.folded, (start, end), other.folded, at))
        found = other.span(first, first + len(wanted))
        return [_with_marks(span, text.text, found, other.text)]
    return _in_pieces((start, end), text, other)


def _with_marks(span: Span, text: str, found: Span, other: str) -> Span:
    """The place with the full stop, the brackets and quotes that belong to it in both texts."""
    words = text[span[0] : span[1]]
    letters = [at for at, character in enumerate(words) if _folded(character)]
    head, tail = words[: letters[0]], words[letters[-1] + 1 :]
    start, end = found
    start -= _shared(head[::-1], other[max(start - len(head), 0) : start][::-1])
    return start, end + _shared(tail, other[end : end + len(tail)])


def _in_pieces(letters: Span, text: Letters, other: Letters) -> list[Span]:
    """The longest pieces that stand in the other text, each as near as can be to the one before."""
    at, end = letters
    found: list[Span] = []
    matched = 0
    share = at / max(len(text.folded), 1)
    behind = round(share * len(other.folded))  # where the next piece is expected
    while at < end:
        length = _longest(text.folded[at:end], other.folded)
        if length == 0:
            at += 1
            continue
        piece = text.folded[at : at + length]
        first = min(_places_of(piece, other.folded), key=lambda place: abs(place - behind))
        found.append(other.span(first, first + length))
        behind = first + length
        matched += length
        at += length
    return found if matched >= _ENOUGH * (end - letters[0]) else []


def _longest(wanted: str, other: str) -> int:
    """How many of the first letters stand in the other text in a row; 0 for too few."""
    low = _SHORTEST_CJK if wanted[:1] >= _FIRST_CJK else _SHORTEST
    if len(wanted) < low or wanted[:low] not in other:
        return 0
    high = len(wanted)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if wanted[:middle] in other else (low, middle - 1)
    return low


def _places_of(wanted: str, other: str) -> Iterator[int]:
    at = other.find(wanted)
    for _ in range(_MOST):
        if at < 0:
            return
        yield at
        at = other.find(wanted, at + 1)


def _likeness(text: str, span: Span, other: str, at: int) -> tuple[int, float]:
    """How many letters around agree, and how near two places are."""
    start, end = span
    after = at + end - start
    before = _shared(
        text[max(start - _CONTEXT, 0) : start][::-1], other[max(at - _CONTEXT, 0) : at][::-1]
    )
    behind = _shared(text[end : end + _CONTEXT], other[after : after + _CONTEXT])
    return before + behind, -abs(start / len(text) - at / len(other))


def _shared(one: str, other: str) -> int:
    """How many first letters two texts share."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _folded(character: str) -> str:
    if character.isascii():
        return character.lower() if character.isalnum() else ""
    parts = unicodedata.normalize("NFKD", character.casefold())
    return "".join(letter for letter in parts if letter.isalnum())
