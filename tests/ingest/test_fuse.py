from hypothesis import given
from hypothesis import strategies as st

from ingest.fuse import blend, fuse

rankings = st.lists(st.lists(st.integers(0, 20), unique=True, max_size=10), max_size=4)


@given(rankings)
def test_fusing_keeps_every_id_once_and_sorts_by_score(given_rankings: list[list[int]]) -> None:
    fused = fuse(given_rankings)
    assert sorted(chunk for chunk, _ in fused) == sorted(set().union(*given_rankings))
    assert [score for _, score in fused] == sorted((s for _, s in fused), reverse=True)


@given(st.lists(st.integers(), unique=True, max_size=20))
def test_fusing_one_ranking_keeps_its_order(ranking: list[int]) -> None:
    assert [chunk for chunk, _ in fuse([ranking, ranking])] == ranking


def test_an_id_gains_one_over_k_plus_rank_from_each_ranking() -> None:
    assert dict(fuse([[7, 8], [8]], k=10)) == {7: 1 / 11, 8: 1 / 12 + 1 / 11}


def test_nothing_fuses_to_nothing() -> None:
    assert fuse([]) == fuse([[], []]) == []


scored = st.dictionaries(st.integers(0, 20), st.floats(-1e6, 1e6), max_size=10).map(
    lambda scores: sorted(scores.items(), key=lambda pair: -pair[1])
)


@given(scored, scored)
def test_blending_ranks_every_id_once(
    left: list[tuple[int, float]], right: list[tuple[int, float]]
) -> None:
    ranked = blend(left, right)
    assert len(ranked) == len(set(ranked))
    assert set(ranked) == {chunk for chunk, _ in [*left, *right]}


def test_blending_decides_between_two_first_places_by_how_clear_each_was() -> None:
    clear, close = [(1, 0.9), (2, 0.2), (3, 0.1)], [(2, 5.0), (1, 4.9), (3, 1.0)]
    assert blend(clear, close) == [1, 2, 3]
    assert blend(close, clear) == [1, 2, 3]
    assert blend([], []) == []
