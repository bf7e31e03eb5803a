"""Places of the library's pages that an answer points at, gathered into passages to be shown.

It does not know why they are pointed at.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from langchain_core.documents import Document as Passage
from langchain_core.messages.content import Citation, create_citation

from chains.sentences import Span, sentences
from ingest import Document, Page

BEFORE = 200  # characters of the page that are shown before a place
BEHIND = 500  # and behind where it begins
LONGEST = 1000  # characters of one place that are quoted


@dataclass(frozen=True)
class Place:
    """A span of a page: `page.text[start:end]`."""

    document: Document
    page: Page
    start: int
    end: int

    @property
    def text(self) -> str:
        """The words that stand there."""
        return self.page.text[self.start : self.end]


def sentence_at(document: Document, page: Page, start: int, end: int) -> Place:
    """The sentence, or the table's row, that a span stands in."""
    text = page.text
    begin = _line_before(text, max(start - LONGEST, 0), start)
    for a, b in sentences(text[begin : end + LONGEST]):
        if begin + a <= start < begin + b:
            return Place(document, page, begin + a, max(begin + b, end))
    return Place(document, page, start, end)


class Passages:
    """The passages around places, each passage once, in the order in which they were needed."""

    def __init__(self) -> None:
        self._found: list[tuple[Document, Page, Span]] = []
        self._marks: list[list[Span]] = []

    def take(self, place: Place) -> int:
        """The number of the passage that a place stands in, from 0."""
        for number, (document, page, (start, end)) in enumerate(self._found):
            same = document.id == place.document.id and page.number == place.page.number
            if same and start <= place.start and place.end <= end:
                self._mark(number, place)
                return number
        self._found.append((place.document, place.page, _window(place)))
        self._marks.append([])
        self._mark(len(self._found) - 1, place)
        return len(self._found) - 1

    def sources(self) -> list[Passage]:
        """The passages as retrieval gives them, all of the same weight."""
        return [self._passage(number) for number in range(len(self._found))]

    def _mark(self, number: int, place: Place) -> None:
        if (place.start, place.end) not in self._marks[number]:
            self._marks[number].append((place.start, place.end))

    def _passage(self, number: int) -> Passage:
        document, page, (start, end) = self._found[number]
        above = [h.title for h in page.headings if h.start <= start]
        marks = sorted((a - start, b - start) for a, b in self._marks[number])
        metadata = {
            "source": document.source,
            "title": document.title,
            "page": page.number,
            "label": page.label,
            "start": start,
            "end": end,
            "score": 1.0,
            "headings": above[-1:],
            "document_id": document.id,
            "weight": 1.0 / len(self._found),
            "highlights": [list(mark) for mark in marks],
        }
        return Passage(page.text[start:end], metadata=metadata)


def citation(span: Span, place: Place, passage: int) -> Citation:
    """The citation of a place, by the span of the answer that rests on it."""
    return create_citation(
        title=place.document.title,
        start_index=span[0],
        end_index=span[1],
        cited_text=place.text,
        passage=passage,
        source=place.document.source,
        page=place.page.number,
        label=place.page.label,
        start=place.start,
        end=place.end,
    )


def cited_spans(answer: str, said: Iterable[Span]) -> list[tuple[Span, int]]:
    """The answer's sentences that have a part in what was said with places, and in which of it."""
    found = []
    whole = sentences(answer)
    for number, (start, end) in enumerate(said):
        found += [((a, b), number) for a, b in whole if a < end and start < b]
    return found


def _window(place: Place) -> Span:
    text = place.page.text
    start = _line_before(text, max(place.start - BEFORE, 0), place.start)
    end = _line_behind(text, place.end, min(max(place.end, place.start + BEHIND), len(text)))
    inside = text[start:end]
    start += min(len(inside) - len(inside.lstrip()), place.start - start)
    return start, max(place.end, start + len(text[start:end].rstrip()))


def _line_before(text: str, first: int, start: int) -> int:
    """The first place from `first` on where a line begins, or a sentence, or a word."""
    if first == 0:
        return 0
    cuts = (text.find(mark, first, start) for mark in ("\n", "。", " "))
    return next((cut + 1 for cut in cuts if cut >= 0), first)


def _line_behind(text: str, end: int, last: int) -> int:
    """The last place up to `last` where a line ends, or a sentence, or a word."""
    if last == len(text):
        return last
    cuts = (text.rfind(mark, end, last) for mark in ("\n", "。", " "))
    return next((cut + 1 for cut in cuts if cut >= 0), last)
