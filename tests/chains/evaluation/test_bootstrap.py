"""Bootstrap intervals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.evaluation.bootstrap import interval, mean, median, p95, paired_interval

VALUES = st.lists(st.floats(-100, 100), min_size=1, max_size=30)


@settings(deadline=None, max_examples=8)  # three times a thousand samples each
@given(VALUES)
def test_an_interval_holds_within_the_values_and_stays_the_same(values: list[float]) -> None:
    for statistic in (mean, median, p95):
        low, high = interval(values, statistic)
        assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9
        assert interval(values, statistic) == (low, high)


def test_it_is_about_as_wide_as_theory_says() -> None:
    values = np.random.default_rng(1).normal(0, 1, 400)
    low, high = interval(values)
    assert high - low == pytest.approx(2 * 1.96 / 20, rel=0.15)


def test_what_both_runs_share_drops_out_of_a_paired_interval() -> None:
    before = np.random.default_rng(2).normal(0, 50, 200)
    low, high = paired_interval(before + 1.0, before)
    assert low == pytest.approx(1.0)
    assert high == pytest.approx(1.0)


def test_the_same_run_twice_differs_by_nothing() -> None:
    values = [0.0, 1.0, 1.0, 0.0, 1.0]
    assert paired_interval(values, values) == (0.0, 0.0)
    assert paired_interval(values, values, p95) == (0.0, 0.0)
