"""A passage that is being looked at: where it stands, and what in it is marked.

It does not know how it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.documents import Document
from langchain_core.messages.content import Citation

from app.texts import Texts
from ingest import Library, LibraryError

AROUND = 6000  # characters of the page that are shown before and after the passage
LONGEST = 40_000  # characters that are shown of a page that nothing was cited from


@dataclass(frozen=True)
class Opened:
    """A passage with the spans to mark, all in characters of its page."""

    source: str
    title: str
    page: int | None
    label: str
    headings: tuple[str, ...]
    start: int
    text: str
    marks: tuple[tuple[int, int], ...]

    @property
    def end(self) -> int:
        """Where the passage ends on its page."""
        return self.start + len(self.text)


@dataclass(frozen=True)
class View:
    """The text to show, the passage's span and the marks in it; `current` if it still stands so."""

    text: str
    passage: tuple[int, int]
    marks: tuple[tuple[int, int], ...]
    current: bool


def open_passage(passage: Document, citations: Sequence[Citation] = ()) -> Opened:
    """A passage of the evidence, with its citations marked, or else its best sentences."""
    data = passage.metadata
    start = int(data.get("start") or 0)
    marks = [_span(citation) for citation in citations]
    if not marks:
        marks = [(start + a, start + b) for a, b in data.get("highlights", ())]
    return Opened(
        source=str(data.get("source") or ""),
        title=title_of(passage),
        page=data.get("page"),
        label=str(data.get("label") or ""),
        headings=tuple(data.get("headings") or ()),
        start=start,
        text=passage.page_content,
        marks=tuple(marks),
    )


def title_of(passage: Document) -> str:
    """What a passage's document is called."""
    data = passage.metadata
    return str(data.get("title") or data.get("source") or "?")


def place_of(label: str, texts: Texts) -> str:
    """ "p. 3" for a page by its number, a sheet's or chapter's name as it is, "" without pages."""
    return texts.page.format(page=label) if label.isdigit() else label


def name_of(passage: Document, texts: Texts) -> str:
    """A passage's document with its page, or with its section where there are no pages."""
    title, data = title_of(passage), passage.metadata
    where = place_of(str(data.get("label") or ""), texts)
    section = next(iter(reversed(data.get("headings") or ())), "")
    if not where and section != title:
        where = str(section)
    return f"{title} · {where}" if where else title


def view(opened: Opened, library: Library) -> View:
    """The page around the passage as the library has it, or the passage alone if it has not."""
    try:
        page = library.page(opened.source, opened.page).text if opened.page else ""
    except LibraryError:
        page = ""
    current = bool(page) and page[opened.start : opened.end] == opened.text
    if not current:
        page, origin = opened.text, opened.start
    else:
        origin = max(opened.start - AROUND, 0)
        page = page[origin : opened.end + AROUND]
    return View(
        text=page,
        passage=(opened.start - origin, opened.end - origin),
        marks=tuple((a - origin, b - origin) for a, b in opened.marks),
        current=current,
    )


def other_page(opened: Opened, number: int, library: Library) -> View:
    """Another page of the same document, from its beginning. Raises LibraryError for none."""
    text = library.page(opened.source, number).text
    return View(text if len(text) <= LONGEST else f"{text[:LONGEST]} …", (0, 0), (), current=True)


def _span(citation: Citation) -> tuple[int, int]:
    extras = citation.get("extras", {})
    return int(extras.get("start", 0)), int(extras.get("end", 0))
