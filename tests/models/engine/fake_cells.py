"""llama.cpp's unified KV cache as far as sequences see it: cells with a position and owners.

A cell holds a token and a number that stands for its KV. Moving a cell is noted and done at the
next decode, as llama.cpp does: a state that is saved in between has keys for another position.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

SPOILT = -7  # stands for KV that was rotated to a position other than its cell's


@dataclass
class Cell:
    """One position of all the sequences in `owners`, its keys rotated to `rotated`."""

    position: int
    rotated: int
    token: int
    value: int
    owners: set[int] = field(default_factory=set)


class FakeCells:
    """At most `size` cells; those without an owner are gone."""

    def __init__(self, size: int, numbers: int = 64) -> None:
        self.size = size
        self.numbers = numbers
        self.cells: list[Cell] = []
        self.resets = 0
        self.refuses = 0  # states to come that are not taken
        self.can_cut = True

    def of(self, sequence: int) -> list[Cell]:
        """A sequence's cells by position."""
        assert 0 <= sequence < self.numbers
        own = [cell for cell in self.cells if sequence in cell.owners]
        return sorted(own, key=lambda cell: cell.position)

    def add(self, sequence: int, tokens: Iterable[tuple[int, int, int]]) -> None:
        """Append cells of these positions, tokens and values, there being room."""
        for position, token, value in tokens:
            self.cells.append(Cell(position, position, token, value, {sequence}))
        assert len(self.cells) <= self.size

    def settle(self) -> None:
        """What a decode does first: rotate what was moved."""
        for cell in self.cells:
            cell.rotated = cell.position

    # ---- models.engine.sequences.Cells

    def remove(self, sequence: int, start: int = 0, end: int = -1) -> bool:
        if start > 0 and not self.can_cut:
            return False
        for cell in self._within(sequence, start, end):
            cell.owners.remove(sequence)
        self.cells = [cell for cell in self.cells if cell.owners]
        return True

    def copy(self, source: int, target: int, start: int = 0, end: int = -1) -> None:
        for cell in self._within(source, start, end):
            cell.owners.add(target)

    def shift(self, sequence: int, start: int, end: int, delta: int) -> None:
        for cell in self._within(sequence, start, end):
            cell.position += delta

    def save(self, sequence: int) -> bytes:
        return json.dumps(
            [
                (cell.position, cell.token, cell.value if cell.rotated == cell.position else SPOILT)
                for cell in self.of(sequence)
            ]
        ).encode()

    def restore(self, sequence: int, blob: bytes | memoryview) -> bool:
        self.remove(sequence)
        if self.refuses:
            self.refuses -= 1
            return False
        try:
            saved = json.loads(bytes(blob))
        except ValueError:
            return False
        if len(saved) > self.size - len(self.cells):
            return False
        self.add(sequence, saved)
        return True

    def extent(self, sequence: int) -> tuple[int, int]:
        positions = [cell.position for cell in self.of(sequence)]
        return (min(positions), max(positions)) if positions else (-1, -1)

    def reset(self) -> None:
        self.cells = []
        self.resets += 1

    def _within(self, sequence: int, start: int, end: int) -> list[Cell]:
        last = end if end >= 0 else float("inf")
        return [cell for cell in self.of(sequence) if start <= cell.position < last]
