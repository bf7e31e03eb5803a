"""How large a picture may be to be read, and what is done with long ones: they are cut, or padded.

It knows sizes; it does not know how pictures are read.
"""

from __future__ import annotations

from itertools import pairwise
from math import sqrt
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy

    Pixels: TypeAlias = numpy.ndarray[Any, Any]

DPI = 170  # of a rendered page: finer ones read no better (the PDFs of the corpus), and slower
MAX_PIXELS = 4_500_000
"""Of what is read at a time: an A4 page has 2.8 million at DPI, an A3 page comes to 150 dpi. Time
and memory go with it: 9 s of one core and 1.1 GB for a page dense with text."""

LONGEST_SIDE = 3_000  # pixels: of the longest strip, once padded, that has MAX_PIXELS
_LONGEST = 2  # times its width or height: a longer strip is padded, for it would be blown up
_ROLL = 400  # pixels: a strip this wide or wider that is longer is read piece by piece
_MOST_PIECES = 10
_RULE = 60  # times as long as wide: a rule or a border


def fitting(width: float, height: float) -> float:
    """By how much a picture of this size must be made smaller to be read, 1 for not at all."""
    pieces = min(height / (_LONGEST * width), _MOST_PIECES) if _is_roll(width, height) else 1.0
    share = sqrt(pieces * MAX_PIXELS / (width * height))
    longest = _MOST_PIECES * _LONGEST * width if pieces > 1 else 2 * LONGEST_SIDE
    return min(1.0, share, longest / max(width, height))


def strips(picture: Pixels) -> list[tuple[int, Pixels]]:
    """What is to be read at a time, each with its place from the top; nothing of a mere rule."""
    height, width = picture.shape[:2]
    if max(height, width) > _RULE * min(height, width):
        return []
    if not _is_roll(width, height):
        return [(0, picture)]
    return [(start, picture[start:end]) for start, end in pairwise(_cuts(picture))]


def _is_roll(width: float, height: float) -> bool:
    return width >= _ROLL and height > _LONGEST * width


def _cuts(picture: Pixels) -> list[int]:
    """Where to cut a long picture: at its ends, and between lines about as often as it is wide."""
    import numpy as np

    height, width = picture.shape[:2]
    ink = picture.max(axis=(1, 2)).astype(int) - picture.min(axis=(1, 2))
    cuts = [0]
    while height - cuts[-1] > _LONGEST * width:
        reach = range(cuts[-1] + width, cuts[-1] + _LONGEST * width)
        cuts.append(reach[-1 - int(np.argmin(ink[reach.start : reach.stop][::-1]))])
    return [*cuts, height]


def padded(picture: Pixels) -> Pixels:
    """The picture on white, no longer than twice its width or height."""
    import numpy as np

    height, width = picture.shape[:2]
    below = max(0, -(-width // _LONGEST) - height)
    beside = max(0, -(-height // _LONGEST) - width)
    edges = ((0, below), (0, beside), (0, 0))
    return np.ascontiguousarray(np.pad(picture, edges, constant_values=255))
