"""HTML tables as rows: data tables told from layout ones, spans laid out, "$ | 5 | )" mended."""

import itertools
import re

from lxml import etree

from ingest.load.characters import one_line
from ingest.load.rows import table_lines

_BLOCKS = ("table", "h1", "h2", "h3", "h4", "h5", "h6", "pre")
_MAX_SPAN = 100  # colspan="1000" is written to mean "all of it"
_LONG_CELL = 1500  # characters on average: columns of running text, not data
# Financial reports put these in cells of their own, next to the number.
_BEFORE_NUMBER = re.compile(r"(?:[$€£¥￥]|US\$|HK\$|RMB|\(|\$\s*\()$")
_AFTER_NUMBER = re.compile(r"(?:\)|%|\)\s*%|%\s*\))$")
_NUMBER = re.compile(r"[$€£¥￥(]*\s*[-–—]?[\d.,]*\d*\s*$|—$|-$")
_AMOUNT = re.compile(r"[\s$€£¥￥(–—-]*[\d.,]*\d$")
_BULLET = re.compile(r"(?:[•●▪◦·■☐☑☒*–-]|\(?\w{1,3}[.)])$")


def is_data_table(table: etree._Element) -> bool:
    """Whether the table's cells are data, not blocks of the page's layout."""
    if next(table.iterdescendants(*_BLOCKS), None) is not None:
        return False
    if table.get("role") == "presentation" and next(table.iterdescendants("th"), None) is None:
        return sum(1 for _ in table.iterdescendants("tr")) > 1
    cells = sum(1 for _ in table.iterdescendants("td", "th"))
    return cells > 0 and sum(map(len, table.itertext())) < _LONG_CELL * cells


def table_rows(table: etree._Element) -> list[str]:
    """The rows as lines, the caption first."""
    captions = [one_line("".join(caption.itertext())) for caption in table.iter("caption")]
    grid = [_join_signs(row) for row in _grid(table)]
    if all(sum(map(bool, row)) <= 2 and _is_bulleted(row) for row in grid if any(row)):
        return [*captions, *(" ".join(filter(None, row)) for row in grid if any(row))]
    if any(_span(cell, "colspan") > 1 for cell in table.iterdescendants("td", "th")):
        grid = _merge_columns(grid)
    return [caption for caption in captions if caption] + table_lines(grid)


def _grid(table: etree._Element) -> list[list[str]]:
    """Every row with a cell per column: spanned places hold ""."""
    rows: list[list[str]] = []
    reaching: dict[int, int] = {}  # column → rows that a cell above still covers
    for row in table.iterdescendants("tr"):
        cells: list[str] = []
        below: dict[int, int] = {}
        for cell in row.iterchildren("td", "th"):
            while reaching.get(len(cells), 0):
                cells.append("")
            width, height = _span(cell, "colspan"), _span(cell, "rowspan")
            below.update({len(cells) + i: height - 1 for i in range(width) if height > 1})
            cells.extend([_cell_text(cell), *[""] * (width - 1)])
        reaching = {column: left - 1 for column, left in reaching.items() if left > 1} | below
        rows.append(cells)
    return rows


def _span(cell: etree._Element, name: str) -> int:
    value = cell.get(name, "1").strip()
    return min(max(int(value), 1), _MAX_SPAN) if value.isdecimal() and len(value) < 7 else 1


def _cell_text(cell: etree._Element) -> str:
    """The cell on one line: its blocks parted by a space, its inline elements by nothing."""
    parts: list[str] = []
    for event, inner in etree.iterwalk(cell, events=("start", "end")):
        if inner.tag in ("br", "p", "div", "ul", "ol"):
            parts.append(" ")
        elif inner.tag == "li" and event == "end":
            parts.append("; ")
        if event == "start":
            parts.append(inner.text or "")
        elif inner is not cell:
            parts.append(inner.tail or "")
    return one_line("".join(parts)).removesuffix(";")


def _join_signs(row: list[str]) -> list[str]:
    """The row with currency signs moved to the number after, brackets and % to the one before."""
    row = list(row)
    filled = [i for i, cell in enumerate(row) if cell]
    for here, after in itertools.pairwise(filled):
        if _BEFORE_NUMBER.fullmatch(row[here]) and _NUMBER.match(row[after]):
            row[here], row[after] = "", row[here] + row[after]
    before = -1  # the last filled cell
    for here, cell in enumerate(row):
        if before >= 0 and _AFTER_NUMBER.fullmatch(cell) and _AMOUNT.fullmatch(row[before]):
            row[before], row[here] = row[before] + cell.replace(" ", ""), ""
        elif cell:
            before = here
    return row


def _merge_columns(grid: list[list[str]]) -> list[list[str]]:
    """The grid with neighbouring columns made one that are never filled in the same row.

    Reports give a number three columns (sign, digits, bracket) and its heading spans them all.
    """
    width = max(map(len, grid), default=0)
    groups: list[tuple[list[int], set[int]]] = []  # columns, and the rows they fill
    for column in reversed(range(width)):  # a heading stands left of its digits, not of the label
        rows = {i for i, row in enumerate(grid) if column < len(row) and row[column]}
        if groups and groups[-1][1].isdisjoint(rows):
            groups[-1][0].insert(0, column)
            groups[-1][1].update(rows)
        else:
            groups.append(([column], rows))
    return [
        ["".join(row[i] for i in columns if i < len(row)) for columns, _ in reversed(groups)]
        for row in grid
    ]


def _is_bulleted(row: list[str]) -> bool:
    filled = [cell for cell in row if cell]
    return len(filled) == 2 and bool(_BULLET.fullmatch(filled[0]))
