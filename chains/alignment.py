"""What stands beside a word, in a claim and in a sentence: which word was put in another's place.

Places are compared by their neighbours, English words and Chinese characters alike, so that
neither grammar nor how Chinese is cut into words matters.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from chains.words import stem

WINDOW = 4  # neighbours on each side that are looked at
NEXT = 2  # what the nearest neighbour counts more than the others
EDGE = 2  # what it counts that both stand at the same edge of their texts
_ATOM = re.compile(r"[^\W_\u3400-\u9fff]+(?:['’][^\W\d_]+)?|[\u3400-\u9fff]")

Span = tuple[int, int]


@dataclass(frozen=True)
class Place:
    """A word's neighbours in a text, the nearest first."""

    left: tuple[str, ...]
    right: tuple[str, ...]

    def likeness(self, other: "Place") -> int:
        """How alike two places are: 0 where no neighbour is the same, 12 where all are."""
        return _alike(self.left, other.left) + _alike(self.right, other.right)


@lru_cache(maxsize=16384)
def place(text: str, span: Span) -> Place:
    """The neighbours of what stands in a span of the text."""
    atoms = _atoms(text)
    before = [atom for start, atom in atoms if start < span[0]]
    behind = [atom for start, atom in atoms if start >= span[1]]
    return Place(tuple(before[: -WINDOW - 1 : -1]), tuple(behind[:WINDOW]))


def nearest(claim: str, span: Span, text: str, others: Iterable[Span]) -> tuple[int, Span | None]:
    """Which of other spans stands in a text as this one does in the claim, and how alike.

    (-1, None) where there are none.
    """
    mine = place(claim, span)
    return max(
        ((mine.likeness(place(text, other)), other) for other in others),
        key=lambda found: found[0],
        default=(-1, None),
    )


def _alike(mine: tuple[str, ...], other: tuple[str, ...]) -> int:
    if not mine and not other:
        return EDGE
    same = len(set(mine) & set(other))
    return same + NEXT * (mine[:1] == other[:1])


@lru_cache(maxsize=4096)
def _atoms(text: str) -> tuple[tuple[int, str], ...]:
    return tuple((match.start(), stem(match.group())) for match in _ATOM.finditer(text))
