"""A table drawn with lines both across and down: its cells, the merged ones among them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ingest.load.pdf_lines import joined_in_one, lines_of
from ingest.load.pdf_rules import Rule, Rules
from ingest.load.pdf_words import Run

_NEAR = 3.0  # points between lines that meet
_LONGEST_CELL = 30  # lines; a cell of more is a page's layout
_MOST_CELLS = 20_000


def area(rules: Rules) -> tuple[float, float, float, float]:
    """How far rules reach: left, right, top, bottom."""
    x = [place for rule in rules.across for place in (rule.start, rule.end)]
    x += [rule.at for rule in rules.down]
    y = [place for rule in rules.down for place in (rule.start, rule.end)]
    y += [rule.at for rule in rules.across]
    return min(x), max(x), min(y), max(y)


def grids(rules: Rules) -> tuple[list[Rules], list[Rule]]:
    """The lines that cross one another, group by group, and the lines across that cross none."""
    groups: list[tuple[set[Rule], list[Rule]]] = []
    for down in rules.down:
        crossed = {
            rule
            for rule in rules.across
            if rule.start - _NEAR <= down.at <= rule.end + _NEAR
            and down.start - _NEAR <= rule.at <= down.end + _NEAR
        }
        if not crossed:
            continue
        downs, apart = [down], []
        for group in groups:
            if crossed.isdisjoint(group[0]):
                apart.append(group)
            else:
                crossed |= group[0]
                downs += group[1]
        groups = [*apart, (crossed, downs)]
    used = {rule for across, _ in groups for rule in across}
    free = [rule for rule in rules.across if rule not in used]
    return [Rules(tuple(across), tuple(down)) for across, down in groups if len(across) > 1], free


class Grid:
    """A table drawn with lines both ways; where a line is missing, the cells are one."""

    def __init__(self, rules: Rules) -> None:
        x0, x1, top, bottom = area(rules)
        self._rules = rules
        self._x = _places([x0, x1, *(rule.at for rule in rules.down)])
        self._y = _places([top, bottom, *(rule.at for rule in rules.across)])

    def rows(self, runs: Sequence[Run]) -> tuple[list[list[str]], Sequence[Run]]:
        """The cells of the rows, and the runs in them; nothing where the lines make no table.

        A cell that spans several stands in the first of them.
        """
        columns, rows = len(self._x) - 1, len(self._y) - 1
        if columns < 2 or rows < 2 or columns * rows > _MOST_CELLS:
            return [], []
        cells: dict[tuple[int, int], list[Run]] = {}
        for run in runs:
            for part in self._split(run):
                cells.setdefault(self._cell(part), []).append(part)
        lines = {place: lines_of(inside) for place, inside in cells.items()}
        if max(map(len, lines.values())) > _LONGEST_CELL:
            return [], []
        texts = {place: joined_in_one(line.text for line in cell) for place, cell in lines.items()}
        found = [[texts.get((row, place), "") for place in range(columns)] for row in range(rows)]
        return found, runs

    def _split(self, run: Run) -> list[Run]:
        """The run cut at the lines down the page that it crosses, at the nearest spaces."""
        height = run.base - 0.3 * run.size
        for rule in self._rules.down:
            crosses = run.x0 + 1 < rule.at < run.x1 - 1 and rule.start <= height <= rule.end
            if crosses and " " in run.text:
                near = (rule.at - run.x0) / (run.x1 - run.x0) * len(run.text)
                spaces = [i for i, char in enumerate(run.text) if char == " "]
                cut = min(spaces, key=lambda place: abs(place - near))
                left = replace(run, text=run.text[:cut], x1=rule.at - 0.1)
                right = replace(run, text=run.text[cut + 1 :], x0=rule.at + 0.1)
                return [*self._split(left), *self._split(right)]
        return [run]

    def _cell(self, run: Run) -> tuple[int, int]:
        row = place_in(self._y, run.base - 0.3 * run.size)
        column = place_in(self._x, min(run.x0 + 2, (run.x0 + run.x1) / 2))
        while column and not self._parted(
            self._rules.down, self._x[column], (self._y[row] + self._y[row + 1]) / 2
        ):
            column -= 1
        while row and not self._parted(
            self._rules.across, self._y[row], (self._x[column] + self._x[column + 1]) / 2
        ):
            row -= 1
        return row, column

    @staticmethod
    def _parted(rules: Iterable[Rule], at: float, middle: float) -> bool:
        return any(
            abs(rule.at - at) <= _NEAR and rule.start <= middle <= rule.end for rule in rules
        )


def _places(values: list[float]) -> list[float]:
    """The values in order, without those that come within a few points of another."""
    places: list[float] = []
    for value in sorted(values):
        if not places or value - places[-1] > _NEAR:
            places.append(value)
    return places


def place_in(edges: list[float], value: float) -> int:
    """Between which two of the edges a value lies, or is nearest to lying, from 0."""
    return min(max(bisect_right(edges, value) - 1, 0), len(edges) - 2)
