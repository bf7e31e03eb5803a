"""Whether this machine computes a token alike, alone and beside others.

Kernels may sum in another order for several rows than for one. Where they do, a draft that is
checked in one decode can turn what is nearly a tie.
"""

import numpy as np

from models.engine.context import Context
from models.engine.lookup import MOST

BEFORE, ALONE = 16, 3  # tokens of the prompt, and behind it, that are tried
WIDTHS = (2, 5, MOST + 1)  # rows of a decode: kernels go by ones, by fours, and by tiles


def rows_alike(context: Context) -> bool:
    """Whether rows decoded together have the logits, to the bit, that they have alone.

    The context is empty before and afterwards.
    """
    if context.model.is_recurrent:  # its memory cannot be taken back
        return False
    tokens = [7919 * n % context.model.vocabulary_size for n in range(1, BEFORE + max(WIDTHS) + 1)]
    rows = [(token, place, 0, place >= BEFORE) for place, token in enumerate(tokens)]
    try:
        return context.decode(rows[:BEFORE]) and all(
            _compare(context, rows[BEFORE:], width) for width in WIDTHS
        )
    finally:
        context.remove(0)


def _compare(context: Context, rows: list[tuple[int, int, int, bool]], width: int) -> bool:
    if not context.decode(rows[:width]):
        return False
    together = [context.logits(row).copy() for row in range(min(width, ALONE))]
    context.remove(0, BEFORE)
    alike = True
    for row, logits in zip(rows, together, strict=False):
        alike = alike and context.decode([row]) and np.array_equal(context.logits(0), logits)
    context.remove(0, BEFORE)
    return alike
