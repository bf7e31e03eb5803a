"""How far a figure might be off by the choice of questions: percentile bootstrap intervals.

Efron and Tibshirani 1993, chapters 13 and 10.3.
"""

from collections.abc import Callable, Sequence

import numpy as np

SAMPLES = 1000
LEVEL = 95  # percent

Values = Sequence[float] | np.ndarray
Statistic = Callable[[Values], float]
Interval = tuple[float, float]


def mean(values: Values) -> float:
    return float(np.mean(values))


def median(values: Values) -> float:
    return float(np.percentile(values, 50))


def p95(values: Values) -> float:
    return float(np.percentile(values, 95))


def interval(values: Values, statistic: Statistic = mean) -> Interval:
    """The 95% interval of a statistic over questions, the same for the same values."""
    given = np.asarray(values, np.float64)
    return _interval(len(given), lambda picks: statistic(given[picks]))


def paired_interval(values: Values, others: Values, statistic: Statistic = mean) -> Interval:
    """The 95% interval of the statistic's difference to that of `others`, question by question."""
    ours, theirs = np.asarray(values, np.float64), np.asarray(others, np.float64)
    return _interval(len(ours), lambda picks: statistic(ours[picks]) - statistic(theirs[picks]))


def _interval(count: int, drawn: Callable[[np.ndarray], float]) -> Interval:
    random = np.random.default_rng(7)
    found = [drawn(random.integers(count, size=count)) for _ in range(SAMPLES)]
    low, high = np.percentile(found, [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
    return float(low), float(high)
