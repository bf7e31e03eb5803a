"""Merging rankings. It knows ids and their order, nothing of what they stand for."""

from collections.abc import Sequence


def fuse(rankings: Sequence[Sequence[int]], k: int = 60) -> list[tuple[int, float]]:
    """Merge rankings of chunk ids by reciprocal rank, best first.

    Each ranking gives an id 1 / (k + rank), rank from 1; scores add up, so they
    rank but mean nothing across queries. Ids in no ranking are absent.
    Cormack, Clarke and Büttcher, SIGIR 2009.
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, chunk in enumerate(ranking, start=1):
            scores[chunk] = scores.get(chunk, 0.0) + 1.0 / (k + rank)
    return sorted(scores.items(), key=lambda scored: -scored[1])
