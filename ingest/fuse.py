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


def blend(*searches: Sequence[tuple[int, float]]) -> list[int]:
    """Rank by the mean of each search's scores, brought to 0 (its last) to 1 (its first).

    What a search did not find has 0 from it. As a ranking of its own beside theirs in `fuse`, it
    decides where they disagree about the first place: reciprocal ranks alone call that a tie.
    Bruch, Gai and Ingber, TOIS 2023.
    """
    totals = strengths(*searches)
    return sorted(totals, key=lambda chunk: -totals[chunk])


def strengths(*searches: Sequence[tuple[int, float]]) -> dict[int, float]:
    """What `blend` ranks by, for each id: 1 for the first of all searches, 0 for their last."""
    totals: dict[int, float] = {}
    for found in searches:
        scores = [score for _, score in found]
        least, most = min(scores, default=0.0), max(scores, default=0.0)
        for chunk, score in found:
            share = (score - least) / (most - least) if most > least else 1.0
            totals[chunk] = totals.get(chunk, 0.0) + share / len(searches)
    return totals
