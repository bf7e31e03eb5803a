"""Pages into chunks: spans of a page's text that an embedder reads whole.

A page is cut at its headings, then at paragraphs, sentences and lines, and inside a sentence
only where nothing else is left; the pieces are joined again up to a budget of tokens. Rows of a
table that stand in another chunk than its header carry that as their innermost heading. It does
not know files, databases or vectors.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.embedder import Embedder
from ingest.page import Page

MAX_TOKENS = 256
"""Tokens per chunk; measured in benchmarks/retrieval.py."""

HEADING_CHARACTERS = 96
"""How much of a heading path is embedded with a chunk: its end, which says the most."""

PREFIX_TOKENS = 16
"""Kept free for the model's special tokens, its prefix, and a word cut in two."""

Span = tuple[int, int]

_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_SENTENCE = re.compile(
    # A run of stops, then closing quotes and brackets; a Latin stop wants a space after it and
    # no small letter behind that, so that "e.g. this" and "3.5" stay whole.
    r"(?<![.!?])[.!?]++[\"'”’»)\]]*+(?=\s)(?!\s++[a-z])\s*"
    r"|[。！？；…｡]++[”’」』）》〉】\"']*+\s*"
)
_LINE = re.compile(r"\n\s*")
_TABLE = re.compile(  # of three columns or more: the first of two is often a row's name
    r"^(?P<header>[^\n]* \| [^\n]*\|[^\n]*)\n(?P<rows>(?:[^\n]* \| [^\n]*(?:\n|\Z))+)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Chunk:
    """A span of one page: `text` is `page.text[start:end]`, trimmed of white space.

    `headings` is the path of headings above the chunk's first character, outermost first, and
    after them the header of the table that the chunk begins in the midst of.
    """

    page: int
    start: int
    end: int
    text: str
    headings: tuple[str, ...] = ()
    tokens: int = 0


def embedding_text(chunk: Chunk) -> str:
    """What is embedded and searched for a chunk: its heading path, then its text.

    Headings that the text itself says are left out.
    """
    path = " > ".join(title for title in chunk.headings if title not in chunk.text)
    return f"{path[-HEADING_CHARACTERS:].strip()}\n{chunk.text}" if path else chunk.text


def split(pages: tuple[Page, ...], embedder: Embedder, max_tokens: int = MAX_TOKENS) -> list[Chunk]:
    """The chunks of a document, in reading order; blank pages give none.

    Every character that is not white space lies in exactly one chunk.
    """
    return [chunk for page in pages for chunk in split_page(page, embedder, max_tokens)]


def split_page(page: Page, embedder: Embedder, max_tokens: int = MAX_TOKENS) -> list[Chunk]:
    """The chunks of one page, in order."""
    whole = _trimmed(page.text, 0, len(page.text))
    if whole is None:
        return []
    tables = _Tables(page.text)
    reserved = PREFIX_TOKENS + (HEADING_CHARACTERS if page.headings or tables else 0)
    budget = max(1, min(max_tokens, embedder.max_tokens - reserved))
    cutter = _Cutter(page, embedder.token_starts(page.text), budget)
    return [
        Chunk(
            page=page.number,
            start=start,
            end=end,
            text=page.text[start:end],
            headings=(*_heading_path(page, start), *tables.header(start)),
            tokens=cutter.tokens((start, end)),
        )
        for start, end in cutter.chunks(whole)
    ]


class _Cutter:
    """Cuts one page: it holds the page's token starts, so that counting is two bisections."""

    def __init__(self, page: Page, token_starts: Sequence[int], budget: int) -> None:
        self._text = page.text
        self._starts = token_starts
        self._budget = budget
        self._small = budget // 8  # room that is kept for a heading before its paragraph
        self._headings = [heading.start for heading in page.headings]

    def tokens(self, span: Span) -> int:
        """The tokens that start inside a span, and at least one."""
        start, end = span
        return max(1, bisect_left(self._starts, end) - bisect_left(self._starts, start))

    def chunks(self, whole: Span) -> Iterator[Span]:
        """The spans of the chunks inside a trimmed span."""
        if self.tokens(whole) <= self._budget:
            yield whole
            return
        held: Span | None = None
        for section in self._cut(whole, self._headings):
            pieces = self._joined(self._pieces(section, (_PARAGRAPH, _SENTENCE, _LINE)))
            if held is not None and self._go_together(held, pieces[0]):
                pieces[0] = (held[0], pieces[0][1])
            elif held is not None:
                yield held
            yield from pieces[:-1]
            held = pieces[-1]
            # Only a bare heading or a few words go together with the next section.
            if self.tokens(held) > self._budget // 4:
                yield held
                held = None
        if held is not None:
            yield held

    def _pieces(self, span: Span, boundaries: tuple[re.Pattern[str], ...]) -> Iterator[Span]:
        """The span in pieces within the budget, cut at the strongest boundaries that do."""
        if self.tokens(span) <= self._budget - self._small:
            yield span
        elif boundaries:
            cuts = [match.end() for match in boundaries[0].finditer(self._text, *span)]
            parts = (self._pieces(part, boundaries[1:]) for part in self._cut(span, cuts))
            for part in parts:
                yield from self._joined(part)
        else:
            first, last = (bisect_left(self._starts, place) for place in span)
            cuts = [self._starts[i] for i in range(first, last, self._budget - self._small)]
            yield from self._cut(span, cuts)

    def _cut(self, span: Span, cuts: list[int]) -> Iterator[Span]:
        """The trimmed, non-blank parts of a span between the cuts that lie inside it."""
        start, end = span
        inside = sorted({cut for cut in cuts if start < cut < end})
        for left, right in zip([start, *inside], [*inside, end], strict=True):
            part = _trimmed(self._text, left, right)
            if part is not None:
                yield part

    def _joined(self, pieces: Iterator[Span]) -> list[Span]:
        """Neighbours put together as long as they may, from the left."""
        joined: list[Span] = []
        for piece in pieces:
            if joined and self._go_together(joined[-1], piece):
                joined[-1] = (joined[-1][0], piece[1])
            else:
                joined.append(piece)
        return joined

    def _go_together(self, left: Span, right: Span) -> bool:
        kept_free = 0 if self.tokens(left) <= self._small else self._small
        return self.tokens((left[0], right[1])) <= self._budget - kept_free


class _Tables:
    """The tables of a page: lines whose cells are parted by " | "."""

    def __init__(self, text: str) -> None:
        self._found = [
            (match.start("rows"), match.end(), match["header"][:HEADING_CHARACTERS].strip(" |"))
            for match in _TABLE.finditer(text)
        ]

    def __len__(self) -> int:
        return len(self._found)

    def header(self, place: int) -> tuple[str, ...]:
        """The header of the table among whose rows a place is; empty outside of tables."""
        table = bisect_right(self._found, place, key=lambda found: found[0]) - 1
        if table < 0 or place >= self._found[table][1]:
            return ()
        return (self._found[table][2],)


def _trimmed(text: str, start: int, end: int) -> Span | None:
    """The span without the white space at its ends; None where nothing is left."""
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None


def _heading_path(page: Page, place: int) -> tuple[str, ...]:
    """The titles of the headings that a place lies under, outermost first."""
    path: list[tuple[int, str]] = []
    for heading in page.headings:
        if heading.start > place:
            break
        path = [above for above in path if above[0] < heading.level]
        path.append((heading.level, heading.title))
    return tuple(title for _, title in path if title)
