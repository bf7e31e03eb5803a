"""Counts, lists and reckons over a column of a table, row by row, with exact decimals."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from chains.routes.place import Place
from chains.routes.table import Row, Table, columns_named, number_in, same_value

Function = Literal["count", "values", "distinct", "sum", "average", "min", "max"]
Operator = Literal["=", "!=", ">", ">=", "<", "<=", "contains"]

SHOWN = 10  # rows that are cited
VALUES = 1000  # distinct values that are kept: of more, the others are only counted


@dataclass(frozen=True)
class Condition:
    """What a row must hold: a column, how it compares, and with what."""

    column: str
    operator: Operator
    value: str

    def holds(self, cell: str) -> bool:
        """Whether it is true of a cell. Numbers compare as numbers; other texts are only equal."""
        if self.operator == "contains":
            return self.value.casefold() in cell.casefold()
        if self.operator in ("=", "!="):
            return same_value(cell, self.value) == (self.operator == "=")
        left, right = number_in(cell), number_in(self.value)
        if left is None or right is None:
            return False
        return {
            ">": left > right, ">=": left >= right, "<": left < right, "<=": left <= right,
        }[self.operator]  # fmt: skip


@dataclass
class Reckoning:
    """What came of a column: how many rows there are, match, and hold a number; and of those."""

    rows: int = 0
    matched: int = 0
    numbers: int = 0
    total: Decimal = Decimal(0)
    least: tuple[Decimal, Place] | None = None
    most: tuple[Decimal, Place] | None = None
    values: dict[str, int] = field(default_factory=dict)
    value_places: list[Place] = field(default_factory=list)
    more_values: int = 0
    places: list[Place] = field(default_factory=list)

    @property
    def average(self) -> Decimal:
        """The mean of the numbers; 0 for none."""
        return self.total / self.numbers if self.numbers else Decimal(0)


def header_of(table: Table, wanted: list[str]) -> tuple[int, list[list[int]]]:
    """Which of the first lines is the header, and its columns for each name.

    It is the first line that has all of them, or failing that the first that has one; without
    names the first line. Where none is found, -1 and nothing.
    """
    if not wanted:
        return 0, []
    found = [[columns_named(row.cells, name) for name in wanted] for row in table.top]
    for enough in (all, any):
        for number, columns in enumerate(found):
            if enough(columns):
                return number, columns
    return -1, []


def reckon(
    rows: Iterator[Row], header: int, column: int | None, condition: tuple[int, Condition] | None
) -> Reckoning:
    """Go through the rows below the header; `column` is what is listed or summed up."""
    found = Reckoning()
    for number, row in enumerate(rows):
        if number <= header:
            continue
        found.rows += 1
        if condition and not condition[1].holds(row.cell(condition[0])):
            continue
        found.matched += 1
        if len(found.places) < SHOWN:
            found.places.append(row.place)
        if column is not None:
            _take(found, row, column)
    return found


def _take(found: Reckoning, row: Row, column: int) -> None:
    cell = row.cell(column)
    if not cell:
        return
    if cell in found.values or len(found.values) < VALUES:
        if cell not in found.values and len(found.value_places) < SHOWN:
            found.value_places.append(row.place)
        found.values[cell] = found.values.get(cell, 0) + 1
    else:
        found.more_values += 1
    value = number_in(cell)
    if value is None:
        return
    found.numbers += 1
    found.total += value
    if found.least is None or value < found.least[0]:
        found.least = (value, row.place)
    if found.most is None or value > found.most[0]:
        found.most = (value, row.place)
