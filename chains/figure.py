"""A number or a part of a date that stands in a text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from chains.numerals import han_number
from chains.units import agree


@dataclass(frozen=True)
class Figure:
    """A number in a text: its value, its unit's name or "", its span and how it is written."""

    value: Fraction
    unit: str
    start: int
    end: int
    text: str

    def agrees(self, other: "Figure") -> bool:
        """Whether the other one may say the same."""
        return agree(self.value, self.unit, other.value, other.unit)


Found = Iterator[Figure | None]  # what a pattern's match says; None for what it cannot say


def read_part(match: re.Match[str], group: str | int, unit: str) -> Figure | None:
    """A group of a match as a number in digits or in Chinese; None where it holds none."""
    if not match[group]:
        return None
    value = int(match[group]) if match[group].isdigit() else han_number(match[group])
    if value is None:
        return None
    return Figure(Fraction(value), unit, match.start(group), match.end(group), "")
