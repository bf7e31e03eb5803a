from hypothesis import given
from hypothesis import strategies as st

from ingest.fuse import fuse

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
