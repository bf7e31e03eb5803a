"""Where a phrase stands in the library's pages: each place, counted and not estimated.

It reads one page at a time, and keeps a few places only.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from chains.routes.place import Place, sentence_at
from chains.routes.route import Counting, Errand
from ingest import Document
from ingest.scan import scan

SHOWN = 10  # places that are cited

_WORD = r"[^\W\u2e80-\u9fff\uac00-\ud7af]"  # a letter, digit or _ of a script with spaces
_SPACED = re.compile(_WORD)
_HAN = re.compile(r"[\u2e80-\u9fff]")
_APOSTROPHES, _HYPHENS = "'’ʼ", "-‐‑–"


@dataclass
class Tally:
    """How often a phrase stands in each document, and its first places."""

    counts: dict[Document, int] = field(default_factory=dict)
    first: dict[Document, Place] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How often in all documents together."""
        return sum(self.counts.values())

    def ranked(self) -> list[Document]:
        """The documents that hold it, most often first."""
        return sorted(self.counts, key=lambda document: (-self.counts[document], document.source))


def tally(phrase: str, documents: tuple[Document, ...], errand: Errand) -> Tally:
    """Count the phrase in the documents: whole words, in Chinese wherever it stands.

    Case, widths and line breaks do not matter. Places over the end of a page are not found.
    """
    found = Tally()
    pattern, needles = pattern_of(phrase), _needles(phrase)
    place = {document.id: number for number, document in enumerate(documents)}
    reported = -1
    for document, page in scan(errand.shelf.library.store, documents):
        if place[document.id] != reported:
            reported = place[document.id]
            errand.report(Counting(reported, len(documents)))
        small = page.text.lower()  # a quick look: the pattern is slow on what has no such word
        if not any(needle in small for needle in needles):
            continue
        matches: Iterator[re.Match[str]] = pattern.finditer(page.text)
        for match in matches:
            if document not in found.counts:
                found.first[document] = sentence_at(document, page, *match.span())
            found.counts[document] = found.counts.get(document, 0) + 1
            if len(found.places) < SHOWN:
                found.places.append(sentence_at(document, page, *match.span()))
    errand.report(Counting(len(documents), len(documents)))
    return found


def pattern_of(phrase: str) -> re.Pattern[str]:
    """Finds the phrase in a page's own characters, so that spans are the page's."""
    text = unicodedata.normalize("NFKC", phrase).strip()
    left = rf"(?<!{_WORD})" if _SPACED.match(text[:1]) else ""
    right = rf"(?!{_WORD})" if _SPACED.match(text[-1:]) else ""
    between = r"\s*" if _HAN.search(text) else ""
    parts = [_letters(word, between) for word in text.split()]
    return re.compile(left + r"\s+".join(parts) + right, re.IGNORECASE)


def _letters(word: str, between: str) -> str:
    found = ""
    for place, letter in enumerate(word):
        # A line break inside a Chinese word is no part of it.
        gap = between if place and (_HAN.match(letter) or _HAN.match(word[place - 1])) else ""
        found += gap + _letter(letter)
    return found


def _letter(letter: str) -> str:
    for alike in (_APOSTROPHES, _HYPHENS):
        if letter in alike:
            return f"[{re.escape(alike)}]"
    wide = chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else ""
    return f"[{re.escape(letter)}{wide}]" if wide else re.escape(letter)


def _needles(phrase: str) -> tuple[str, ...]:
    """What a page must hold in small letters to hold the phrase: its longest run of letters."""
    text = unicodedata.normalize("NFKC", phrase).lower()
    runs = re.findall(r"[a-z0-9]+|[\u3400-\u9fff]", text) or [""]
    longest = max(runs, key=len)
    wide = "".join(chr(ord(c) + 0xFEE0) if c < "\x7f" else c for c in longest)
    return (longest, wide)
