"""Which passages an answer comes from, piece by piece, as far as its maker can tell.

Fused decoding tells it token by token, quoting sentence by sentence; other models do not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Shares:
    """Each passage's part in the pieces of an answer, filled in as the answer comes about.

    `pieces` are lengths in characters with each passage's part, in the order of the answer;
    `weights` are the passages' parts before the first word. Parts are in the passages' order and
    sum to 1; passages that were not read are left out at the end.
    """

    pieces: list[tuple[int, Sequence[float]]] = field(default_factory=list)
    weights: Sequence[float] = ()

    def add(self, length: int, parts: Sequence[float]) -> None:
        """Take the next piece of the answer."""
        self.pieces.append((length, parts))

    def between(self, start: int, end: int, passages: int) -> list[float]:
        """Each passage's part in the answer's characters from `start` to `end`, summing to 1.

        Where nothing is known of them, the weights from before the answer; [] without those.
        """
        sums = [0.0] * passages
        begin = 0
        for length, parts in self.pieces:
            common = min(end, begin + length) - max(start, begin)
            if common > 0:
                _add(sums, parts, common)
            begin += length
        if not any(sums):
            _add(sums, self.weights, 1)
        total = sum(sums)
        return [part / total for part in sums] if total else []


def _add(sums: list[float], parts: Sequence[float], factor: float) -> None:
    for place, part in enumerate(parts):
        sums[place] += factor * part
