"""What a task wants computed next. The scheduler fills it, in pieces or at once."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from models.engine.sequences import KVSequence

NOTHING = -2  # a row's result is not needed
LOGITS = -1  # the logits behind it are; a token's number stands for that token's log-probability


class Row(NamedTuple):
    """A token to be appended to a sequence, under a key, and what is wanted of its logits."""

    sequence: KVSequence
    token: int
    want: int = NOTHING


Result = np.ndarray | float | None


class Request:
    """Rows in order, and their results when all are computed.

    `urgent` rows are an answer's next tokens: they go into the next decode, all together.
    """

    def __init__(self, rows: Sequence[Row], *, urgent: bool = False) -> None:
        self.rows = rows
        self.urgent = urgent
        self.results: list[Result] = []

    @property
    def left(self) -> int:
        """Rows that are not computed yet."""
        return len(self.rows) - len(self.results)

    def next(self, count: int) -> Sequence[Row]:
        """The next rows to compute, `count` at most."""
        return self.rows[len(self.results) : len(self.results) + count]


def log_probability(logits: np.ndarray, token: int) -> float:
    """log P(token), in nats, under logits of shape (vocabulary,)."""
    return float(logits[token] - log_total(logits))


def log_total(logits: np.ndarray) -> float:
    """log sum exp over logits of shape (vocabulary,)."""
    top = float(logits.max())
    return top + float(np.log(np.exp(logits - top).sum(dtype=np.float64)))
