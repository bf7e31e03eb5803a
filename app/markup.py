"""Untrusted text as HTML and as Markdown: shown as it is, never obeyed.

Document text, names, questions and answers all pass through here. It does not know Streamlit.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from itertools import pairwise

Marked = tuple[int, int, str]
"""A span of a text and the CSS class that it gets: (start, end, class)."""

MARKDOWN = (".md", ".markdown")

_HEADING = re.compile(r"^ {0,3}#{1,6} +", re.MULTILINE)
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_BREAKS = re.compile(r"[\r\n\t\v\f\u2028\u2029]+")


def escaped(text: str) -> str:
    """The text for HTML, where it can neither open a tag, nor an entity, nor end an attribute."""
    return html.escape(text.encode("utf-8", "replace").decode("utf-8"), quote=True)


def marked(text: str, spans: Iterable[Marked]) -> str:
    """The text for HTML, with each span in a <mark> of its class; overlaps get all classes.

    Spans may lie outside the text or be empty: what is not there is not marked.
    """
    wanted = [(max(a, 0), min(b, len(text)), kind) for a, b, kind in spans]
    wanted = [span for span in wanted if span[0] < span[1]]
    edges = sorted({0, len(text), *(a for a, _, _ in wanted), *(b for _, b, _ in wanted)})
    pieces = []
    for start, end in pairwise(edges):
        kinds = sorted({kind for a, b, kind in wanted if a <= start and end <= b})
        piece = escaped(text[start:end])
        pieces.append(f'<mark class="{" ".join(kinds)}">{piece}</mark>' if kinds else piece)
    return "".join(pieces)


def heading_signs(text: str, source: str) -> list[Marked]:
    """What makes headings of lines in a Markdown file, `##` and the space after it."""
    if not source.lower().endswith(MARKDOWN):
        return []
    return [(*found.span(), "sign") for found in _HEADING.finditer(text)]


def label(text: str) -> str:
    """The text as one line of Markdown that means just itself, for labels and notices.

    Every ASCII punctuation mark gets its backslash (CommonMark 2.4); a colon also gets a word
    joiner, because Streamlit replaces :names: of emoji and icons after Markdown is parsed.
    """
    line = _BREAKS.sub(" ", text.encode("utf-8", "replace").decode("utf-8")).strip()
    return _PUNCTUATION.sub(r"\\\1", line).replace("\\:", "\\:\u2060")


def snippet(text: str, spans: Iterable[tuple[int, int]], longest: int = 280) -> tuple[int, int]:
    """The part of a passage to show in little space: its first marked sentences, and around them.

    A span of the text, about `longest` characters, that cuts no word and no marked sentence short
    (but a very long one); from the beginning where nothing is marked.
    """
    wanted = sorted(spans) or [(0, 0)]
    first, last = wanted[0][0], min(wanted[0][1], wanted[0][0] + 2 * longest)
    edge = len(text)
    for start, end in wanted[1:]:
        if end - first > 1.5 * longest:
            edge = max(start, last)
            break
        last = max(last, end)
    room = max(longest - (last - first), 0)
    start = _between_words(text, max(first - room // 3, 0), first)
    end = _between_words(text, min(last + room - (first - start), edge), edge)
    return start, end


def _between_words(text: str, place: int, latest: int) -> int:
    """The next place from here on, but not past `latest`, that does not cut a word of letters."""
    while 0 < place < latest and text[place - 1].isalnum() and text[place].isascii():
        place += 1
    return place
