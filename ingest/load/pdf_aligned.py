"""Tables on a PDF page that only white space rules: columns of numbers, as in accounts.

Precision goes before recall: prose in columns, numbered lists and lines with a wide space in
them are no tables.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from ingest.load.pdf_lines import Line, joined_in_one
from ingest.load.pdf_tables import Table, as_read

_NUMBER = re.compile(
    r"[(\[]?[-+−–—]?\s?[$€£¥₩]?\s?[-+−–—(]?\d[\d.,'\s]*(?:[%‰x)\]]|bps?|pp)*\s?[%)]?[*†‡]?"
    r"|[-−–—]|n/?a|N/?A|nil|[$€£¥₩%)]"
)
_SIGN = re.compile(r"[$€£¥₩(]")
_TAIL = re.compile(r"[%)]+")
_NUMERIC = 0.6  # of the cells beside the first column
_LONGEST = 40  # characters of a cell of words
_AVERAGE = 20


def aligned_table(lines: Sequence[Line], columns: Sequence[tuple[float, float]]) -> Table | None:
    """The table that lines make up whose runs stand in these columns, if they make up one."""
    starts = [start for start, _ in columns]
    rows = [_cells(line, starts) for line in lines]
    several = [row for row in rows if sum(map(bool, row)) > 1]
    if len(several) < 3 or len(several) < 0.4 * len(rows):
        return None
    if not (_of_numbers(several) or _of_words(several, lines)):
        return None
    runs = [run for line in lines for run in line.runs]
    return Table(
        rows=as_read(_without_signs_alone(rows)),
        x0=columns[0][0],
        x1=columns[-1][1],
        top=min(line.top for line in lines),
        bottom=max(line.bottom for line in lines),
        order=min(run.order for run in runs),
        runs=runs,
    )


def _cells(line: Line, starts: list[float]) -> list[str]:
    cells: list[list[str]] = [[] for _ in starts]
    for run in sorted(line.runs, key=lambda run: run.x0):
        cells[max(bisect_right(starts, run.x0 + 0.5) - 1, 0)].append(run.text)
    return [joined_in_one(cell) for cell in cells]


def _of_numbers(rows: list[list[str]]) -> bool:
    beside = [cell for row in rows for cell in row[1:] if cell]
    numbers = sum(_NUMBER.fullmatch(cell) is not None for cell in beside)
    digits = sum(any(map(str.isdigit, cell)) for cell in beside)
    return numbers >= _NUMERIC * len(beside) and digits >= 3


def _of_words(rows: list[list[str]], lines: Sequence[Line]) -> bool:
    """Whether rows of short cells in three columns or more are a table, in the PDF's order too."""
    cells = [cell for row in rows for cell in row if cell]
    if len(rows[0]) < 3 or len(rows) < 4 or max(map(len, cells)) > _LONGEST:
        return False
    filled = len(cells) >= 0.7 * sum(map(len, rows))
    short = sum(map(len, cells)) <= _AVERAGE * len(cells)
    first = [min(run.order for run in line.runs) for line in lines]
    return filled and short and len(rows) > 0.7 * len(lines) and first == sorted(first)


def _without_signs_alone(rows: list[list[str]]) -> list[list[str]]:
    """The rows with columns of bare "$" put before their numbers, and of "%" behind them."""
    count = len(rows[0])
    merged = [list(row) for row in rows]
    gone: set[int] = set()
    for column in range(count):
        cells = [row[column] for row in merged if row[column]]
        if not cells:
            gone.add(column)
        elif column + 1 < count and all(_SIGN.fullmatch(cell) for cell in cells):
            for row in merged:
                row[column + 1] = row[column] + row[column + 1]
            gone.add(column)
        elif column and column - 1 not in gone and all(_TAIL.fullmatch(cell) for cell in cells):
            for row in merged:
                row[column - 1] += row[column]
            gone.add(column)
    return [[cell for i, cell in enumerate(row) if i not in gone] for row in merged]
