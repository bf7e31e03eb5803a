"""Tables on a PDF page that are ruled: by a grid, or by lines across alone.

Prose in a frame, or between the lines at a page's head and foot, is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from ingest.load.pdf_grid import Grid, area, grids
from ingest.load.pdf_lines import leans_left
from ingest.load.pdf_rules import Rules
from ingest.load.pdf_stripes import stacks, striped_rows, with_edges
from ingest.load.pdf_words import Box, Run

_NEAR = 3.0  # points that a text may stand outside the lines around it
_FEWEST = 4  # runs of a table
_MOST = 4_000  # runs; a page of more is a drawing
_SEVERAL = 0.4  # of a table's rows have more than one cell

Rows = list[list[str]]
Reader = Callable[[Sequence[Run]], tuple[Rows, Sequence[Run]]]  # also tells which runs are in them


@dataclass
class Table:
    """A table in its place on the page: rows of cells, as text that may hold broken words."""

    rows: Rows
    x0: float
    x1: float
    top: float
    bottom: float
    order: int
    runs: list[Run] = field(default_factory=list)


def ruled_tables(runs: Sequence[Run], rules: Rules) -> list[Table]:
    """The ruled tables among a page's runs; no run is in two of them."""
    found: list[Table] = []
    if len(runs) > _MOST:
        return found
    taken: set[int] = set()
    for bounds, rows_of in _candidates(rules):
        x0, x1, top, bottom = bounds
        inside = [
            run
            for run in runs
            if run.order not in taken
            and top - 1 <= run.base - 0.3 * run.size <= bottom + 1
            and x0 - _NEAR <= (run.x0 + run.x1) / 2 <= x1 + _NEAR
        ]
        rows, used = rows_of(inside) if len(inside) >= _FEWEST else ([], [])
        if _is_table(rows):
            taken.update(run.order for run in used)
            top, bottom = min(run.top for run in used), max(run.bottom for run in used)
            order = min(run.order for run in used)
            found.append(Table(as_read(rows), x0, x1, top, bottom, order, list(used)))
    return found


def as_read(rows: Rows) -> Rows:
    """The rows, given from left to right, as they are read: right-to-left scripts turn them."""
    if leans_left("".join(cell for row in rows for cell in row)):
        return [row[::-1] for row in rows]
    return rows


def inside_of(tables: Iterable[Table]) -> set[int]:
    """The order of every run that a table holds."""
    return {run.order for table in tables for run in table.runs}


def _candidates(rules: Rules) -> Iterator[tuple[Box, Reader]]:
    """Where lines may make a table, and what reads its rows there."""
    crossing, free = grids(rules)
    for part in crossing:
        yield area(part), Grid(part).rows
    for stack in stacks(free):
        x0, x1, _, _ = area(Rules(tuple(stack)))
        yield (x0, x1, *with_edges(stack)), partial(striped_rows, stack)


def _is_table(rows: Rows) -> bool:
    """At least two rows of at least two cells, and those not too few of all."""
    filled = [count for row in rows if (count := sum(map(bool, row)))]
    several = sum(count > 1 for count in filled)
    return several >= 2 and several >= _SEVERAL * len(filled)
