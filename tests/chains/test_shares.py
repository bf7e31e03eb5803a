"""Each passage's part in an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.shares import Shares

PARTS = st.lists(st.floats(0.01, 1), min_size=1, max_size=3).map(
    lambda parts: [part / sum(parts) for part in parts]
)
PIECES = st.lists(st.tuples(st.integers(1, 9), PARTS), max_size=9)


@given(pieces=PIECES, start=st.integers(0, 50), length=st.integers(1, 50))
def test_parts_sum_to_1_or_are_unknown(
    pieces: list[tuple[int, list[float]]], start: int, length: int
) -> None:
    parts = Shares(list(pieces)).between(start, start + length, 4)
    known = start < sum(size for size, _ in pieces)
    assert len(parts) == (4 if known else 0)
    assert not known or sum(parts) == pytest.approx(1)
    assert all(part >= 0 for part in parts)


@given(pieces=PIECES)
def test_each_character_is_as_much_a_passages_as_its_piece(
    pieces: list[tuple[int, list[float]]],
) -> None:
    shares = Shares()
    for size, parts in pieces:
        shares.add(size, parts)
    begin = 0
    for size, parts in pieces:
        for place in range(begin, begin + size):
            found = shares.between(place, place + 1, 3)
            assert found == pytest.approx([*parts, *[0.0] * (3 - len(parts))])
        begin += size


def test_a_stretch_has_the_mean_of_its_characters() -> None:
    shares = Shares([(2, (1.0, 0.0)), (6, (0.5, 0.5))])
    assert shares.between(0, 8, 2) == pytest.approx([5 / 8, 3 / 8])
    assert shares.between(1, 3, 3) == pytest.approx([0.75, 0.25, 0.0])


def test_what_came_before_the_answer_stands_in_where_nothing_is_known() -> None:
    shares = Shares([(2, (1.0, 0.0))], weights=(0.25, 0.75))
    assert shares.between(2, 5, 2) == [0.25, 0.75]
    assert shares.between(0, 5, 2) == [1.0, 0.0]
    assert Shares().between(0, 5, 2) == []
