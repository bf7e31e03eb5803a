"""Tables on a PDF page that only white space rules: columns of numbers, as in accounts.

Precision goes before recall: prose in columns, numbered lists and lines with a wide space in
them are no tables.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from ingest.load.pdf_lines import Line, joined_in_one, lines_of
from ingest.load.pdf_tables import Table, as_read
from ingest.load.pdf_words import Run

_NUMBER = re.compile(
    r"[(\[]?[-+−–—]?\s?[$€£¥₩]?\s?[-+−–—(]?\d[\d.,'\s]*(?:[%‰x)\]]|bps?|pp)*\s?[%)]?[*†‡]?"
    r"|[-−–—]|n/?a|N/?A|nil|[$€£¥₩%)]"
)
_SIGN = re.compile(r"[$€£¥₩(]")
_TAIL = re.compile(r"[%)]+")
_GUTTER = 0.6  # of the size: room between columns
_FAR = 2.5  # of the size: room between lines of no one table
_LABELS = 2  # lines of one cell in a row
_NUMERIC = 0.6  # of the cells beside the first column
_LONGEST = 40  # characters of a cell of words
_AVERAGE = 20


def aligned_tables(runs: Sequence[Run]) -> list[Table]:
    """The tables among the runs of one column."""
    found: list[Table] = []
    if len(runs) - len({round(run.base) for run in runs}) < 3:  # nearly all alone in their line
        return found
    for lines in _stretches(lines_of(runs)):
        several = [line for line in lines if len(line.runs) > 1]
        columns = _columns([run for line in several for run in line.runs])
        table = _table(lines, columns) if len(several) > 2 and len(columns) > 1 else None
        if table is not None:
            found.append(table)
    return found


def is_numbers(lines: Sequence[Line]) -> bool:
    """Whether most of the lines are a number alone, as a table's column is."""
    return sum(bool(_NUMBER.fullmatch(line.text)) for line in lines) > _NUMERIC * len(lines)


def _stretches(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Lines with wide gaps in them, together with the lines of one cell among them."""
    held: list[Line] = []
    end = 0  # of what is held, where the last line with a gap is
    second = math.inf  # where the second column starts
    for line in lines:
        if held and line.top - held[-1].bottom > _FAR * line.size:
            yield held[:end]
            held, end, second = [], 0, math.inf
        if len(line.runs) > 1:
            held.append(line)
            end = len(held)
            second = min(second, sorted(run.x0 for run in line.runs)[1])
        elif held and len(held) - end < _LABELS and line.x1 < second:
            held.append(line)
        elif held:
            yield held[:end]
            held, end, second = [], 0, math.inf
    yield held[:end]


def _columns(runs: Sequence[Run]) -> list[tuple[float, float]]:
    """The stretches from left to right that runs cover, far enough apart to be columns."""
    found: list[tuple[float, float]] = []
    for run in sorted(runs, key=lambda run: run.x0):
        if found and run.x0 - found[-1][1] < _GUTTER * run.size:
            found[-1] = (found[-1][0], max(found[-1][1], run.x1))
        else:
            found.append((run.x0, run.x1))
    return found


def _table(lines: Sequence[Line], columns: Sequence[tuple[float, float]]) -> Table | None:
    starts = [start for start, _ in columns]
    rows = [_cells(line, starts) for line in lines]
    several = [row for row in rows if sum(map(bool, row)) > 1]
    if len(several) < 3 or not (_of_numbers(several) or _of_words(several, lines)):
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
    if sum(cell[0].islower() for cell in cells) > 0.25 * len(cells):  # cells of several lines
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
