"""A table ruled by lines across alone: its columns are parted by white space."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from ingest.load.pdf_grid import place_in
from ingest.load.pdf_lines import joined_in_one, lines_of
from ingest.load.pdf_rules import Rule
from ingest.load.pdf_words import Run

_NEAR = 3.0  # points between the ends of lines of one table
_FULL = 0.85  # of a column's width: as far as lines of prose go
_GUTTER = 0.5  # of the size: room between columns


def stacks(across: Sequence[Rule]) -> list[list[Rule]]:
    """Lines across of one width that stand above one another, three at least."""
    stacks: list[list[Rule]] = []
    for rule in sorted(across, key=lambda rule: rule.at):
        for stack in stacks:
            same = (
                abs(stack[0].start - rule.start) <= _NEAR and abs(stack[0].end - rule.end) <= _NEAR
            )
            if same and rule.at - stack[-1].at > _NEAR:
                stack.append(rule)
                break
        else:
            stacks.append([rule])
    return [stack for stack in stacks if len(stack) >= 3]


def with_edges(across: Sequence[Rule]) -> tuple[float, float]:
    """From where to where, downwards, the rows of a stack may lie: one beyond its lines, too."""
    room = median(below.at - above.at for above, below in pairwise(across))
    return across[0].at - room, across[-1].at + room


def striped_rows(
    across: Sequence[Rule], runs: Sequence[Run]
) -> tuple[list[list[str]], Sequence[Run]]:
    """The rows of a table without lines down the page, and those of the runs that are in it.

    A row above the first line, or below the last, is its own if it stands in the columns.
    """
    top, bottom = across[0].at, across[-1].at
    inside = [run for run in runs if top < _middle(run) < bottom]
    edges = [rule.at for rule in across]
    stripes: list[list[Run]] = [[] for _ in edges[1:]]
    for run in inside:
        stripes[place_in(edges, _middle(run))].append(run)
    columns = _spans([run for stripe in stripes[1:] for run in stripe], _GUTTER)
    if len(columns) < 2 or not all(stripes) or _is_prose(inside, columns):
        return [], []
    head = [run for run in runs if _middle(run) <= top]
    foot = [run for run in runs if _middle(run) >= bottom]
    if _fits(head, columns):
        stripes.insert(0, head)
    if _fits(foot, columns):
        stripes.append(foot)
    starts = [start for start, _ in columns]
    rows = [row for stripe in stripes for row in _rows(stripe, starts)]
    return rows, [run for stripe in stripes for run in stripe]


def _middle(run: Run) -> float:
    return run.base - 0.3 * run.size


def _fits(runs: Sequence[Run], columns: Sequence[tuple[float, float]]) -> bool:
    """Whether runs are one line of cells: two at least, none across a gutter."""
    if len(runs) < 2 or len(lines_of(runs)) != 1:
        return False
    met = [
        [i for i, (start, end) in enumerate(columns) if run.x0 < end and run.x1 > start]
        for run in runs
    ]
    return all(len(places) < 2 for places in met) and len({*map(tuple, met)} - {()}) > 1


def _rows(stripe: Sequence[Run], starts: Sequence[float]) -> list[list[str]]:
    """The rows between two lines: a new one starts where the first column is filled."""
    rows: list[list[list[str]]] = []
    lines = lines_of(stripe)
    several = sum(line.x0 < starts[1] - 1 for line in lines) > 1
    for line in lines:
        if not rows or (several and line.x0 < starts[1] - 1):
            rows.append([[] for _ in starts])
        for run in line.runs:
            rows[-1][max(bisect_right(starts, run.x0 + 2) - 1, 0)].append(run.text)
    return [[joined_in_one(cell) for cell in row] for row in rows]


def _spans(runs: Iterable[Run], gutter: float) -> list[tuple[float, float]]:
    """The stretches from left to right that runs cover, parted by this share of their size."""
    found: list[tuple[float, float]] = []
    for run in sorted(runs, key=lambda run: run.x0):
        if found and run.x0 - found[-1][1] < gutter * run.size:
            found[-1] = (found[-1][0], max(found[-1][1], run.x1))
        else:
            found.append((run.x0, run.x1))
    return found


def _is_prose(runs: Sequence[Run], columns: list[tuple[float, float]]) -> bool:
    """Whether at least two columns hold several lines that mostly go to the column's end."""
    full = 0
    for start, end in columns:
        lines = lines_of([run for run in runs if start - 1 <= run.x0 <= end])
        filled = sum(line.x1 - line.x0 >= _FULL * (end - start) for line in lines)
        wordy = sum(len(line.text) for line in lines) > 20 * len(lines)
        full += len(lines) >= 5 and wordy and filled >= 0.6 * len(lines)
    return full >= 2
