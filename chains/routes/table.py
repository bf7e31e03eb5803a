"""Tables in the library's pages: lines of cells parted by " | ", the header among the first ones.

A sheet too long for one page goes on over the next ones. It does not know what is asked of it.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from chains.routes.place import Place
from ingest import Document, Page
from ingest.records import Records
from ingest.scan import scan
from ingest.segment import folded

HEADER = 3  # lines of a table among which its header is looked for: titles may stand above it
FEWEST = 2  # lines of a table

_CELLS = re.compile(r"(?<!\S)\|(?!\S)")
_PART = re.compile(r"^(?P<name>.*?) ?(?P<part>\d+)/(?P<parts>\d+)$")
_NUMBER = re.compile(
    r"^(?P<open>\()?[$€£¥￥₩]?\s?(?P<sign>[-+−–])?\s?[$€£¥￥₩]?"
    r"(?P<digits>\d[\d,， ']*(?:\.\d+)?|\.\d+)"
    r"\s?(?P<unit>%|％|[a-zA-Z$€£¥元]{1,4})?(?P<close>\))?$"
)


@dataclass(frozen=True)
class Row:
    """One line of a table: its cells, and where it stands."""

    cells: tuple[str, ...]
    place: Place

    def cell(self, column: int) -> str:
        """A cell's text; "" where the row has no such cell."""
        return self.cells[column] if column < len(self.cells) else ""


@dataclass(frozen=True)
class Table:
    """A table as it begins: its document and sheet, and its first lines; one is the header."""

    document: Document
    sheet: str
    top: tuple[Row, ...]


def tables(
    records: Records, documents: Iterable[Document]
) -> Iterator[tuple[Table, Iterator[Row]]]:
    """The documents' tables in order, each with all of its rows, those of `top` included.

    A table's rows are gone once the next one is asked for; only a few are in memory at a time.
    """
    stream = _Lines(scan(records, documents))
    while (first := stream.next_table()) is not None:
        top: list[Row] = []
        rows = stream.rows(first)
        for row in rows:
            top.append(row)
            if len(top) == HEADER:
                break
        if len(top) < FEWEST:
            continue
        table = Table(first.place.document, sheet_of(first.place.page), tuple(top))
        yield table, _chained(top, rows)
        for _ in rows:  # what the caller left
            pass


def sheet_of(page: Page) -> str:
    """The name of a page's sheet, whichever part of it the page is."""
    match = _PART.match(page.label)
    return match["name"] if match else page.label


def cells_of(line: str) -> tuple[str, ...]:
    """A line's cells; one cell for a line of no table."""
    return tuple(cell.strip() for cell in _CELLS.split(line))


def columns_named(header: Sequence[str], wanted: str) -> list[int]:
    """The columns that a name stands for: those called so, or else those that hold its words."""
    name = _even(wanted)
    even = [_even(cell) for cell in header]
    same = [i for i, cell in enumerate(even) if cell == name]
    if same or not name:
        return same
    letter = r"[^\W_\u2e80-\u9fff]"
    part = re.compile(rf"(?<!{letter}){re.escape(name)}(?!{letter})")
    return [i for i, cell in enumerate(even) if part.search(cell)]


def number_in(cell: str) -> Decimal | None:
    """The number that a cell is: 12,553, (81), -3.5%, $1,200; None for any other text."""
    match = _NUMBER.match(cell.strip())
    if not match or bool(match["open"]) != bool(match["close"]):
        return None
    try:
        value = Decimal(re.sub(r"[^\d.]", "", match["digits"]))
    except InvalidOperation:
        return None
    negative = match["open"] or (match["sign"] and match["sign"] != "+")
    return -value if negative else value


def same_value(cell: str, value: str) -> bool:
    """Whether a cell is a value, as a number or as a text in any case."""
    if _even(cell) == _even(value):
        return bool(cell.strip()) or not value.strip()
    left, right = number_in(cell), number_in(value)
    return left is not None and left == right


def _even(text: str) -> str:
    return " ".join(re.sub(r"[_\s]+", " ", folded(text)).strip(" \"'“”‘’「」《》").split())


def _chained(top: list[Row], rest: Iterator[Row]) -> Iterator[Row]:
    yield from top
    yield from rest


class _Lines:
    """The lines of pages, one after another, that can be looked at before they are taken."""

    def __init__(self, pages: Iterable[tuple[Document, Page]]) -> None:
        self._rows = self._read(pages)
        self._held: deque[Row] = deque()

    def next_table(self) -> Row | None:
        """The first row of the next table; None if there is none."""
        for row in iter(self._take, None):
            if len(row.cells) > 1:
                return row
        return None

    def rows(self, first: Row) -> Iterator[Row]:
        """The rows of the table that begins with one."""
        last: Row | None = first
        while last is not None:
            yield last
            row = self._take()
            if row is not None and not (_goes_on(last, row) and self._is_row(row)):
                self._held.appendleft(row)
                return
            last = row

    def _is_row(self, row: Row) -> bool:
        """Whether a line inside a table is one of its rows, also with only its first cell filled.

        In a CSV file every line is. Elsewhere a title may part two tables: what follows a row
        holds a number, and what follows a title is a header.
        """
        if len(row.cells) > 1 or row.place.document.format == "csv":
            return True
        following = self._take()
        if following is None:
            return False
        self._held.appendleft(following)
        numbers = any(number_in(cell) is not None for cell in following.cells)
        return len(following.cells) > 1 and numbers and _goes_on(row, following)

    def _take(self) -> Row | None:
        return self._held.popleft() if self._held else next(self._rows, None)

    @staticmethod
    def _read(pages: Iterable[tuple[Document, Page]]) -> Iterator[Row]:
        for document, page in pages:
            start = 0
            for line in page.text.splitlines(keepends=True):
                text = line.rstrip()
                place = Place(document, page, start, start + len(text))
                start += len(line)
                if " |" in text or "| " in text:
                    yield Row(cells_of(text), place)
                elif text:
                    yield Row((text,), place)


def _goes_on(last: Row, row: Row) -> bool:
    """Whether a row belongs to the table of the one before: on its page, or on the sheet's next."""
    one, other = last.place, row.place
    if one.document.id != other.document.id:
        return False
    if one.page.number == other.page.number:
        return True
    before, behind = _PART.match(one.page.label), _PART.match(other.page.label)
    return bool(before and behind) and sheet_of(one.page) == sheet_of(other.page)
