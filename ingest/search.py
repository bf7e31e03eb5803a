"""One search of a library: its two rankings, fused, and first what is asked for to the letter.

It does not know embedders, or what is done with what it finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ingest.filter import Filter
from ingest.fuse import blend, fuse, strengths
from ingest.indexes import Indexes
from ingest.phrases import Phrases, holds, phrases_of
from ingest.records import Records

if TYPE_CHECKING:
    import numpy as np

DEPTH = 50
"""How many chunks each of the two searches gives to the fusion."""

FUSION_K = 5
"""The k of the reciprocal ranks: 2 to 10 did equally well in benchmarks/retrieval.py, 60 less."""

FOREIGN = 0.2
"""The best match covers less of a question's words: its language is not that of the texts.

Of XQuAD's Chinese questions to English text .98 lie below .2, of those to Chinese text .01, of the
English ones none below .4.
"""

HOLDERS = 200
"""Chunks with all words of a phrase that are looked at for the phrase itself."""

QUOTED, NAMED = 1.0, 0.25
"""What holding a phrase in quotes, or an identifier, adds to a score; ranks give .67 at most."""


class Ranked(NamedTuple):
    """A chunk that was found.

    `strength` is how near it comes to the best of both searches, 0 to 1; `exact`, how many of the
    phrases in quotation marks it holds.
    """

    chunk: int
    score: float
    strength: float
    exact: int


def rank(
    question: str,
    vector: Sequence[float],
    indexes: Indexes,
    records: Records,
    filter: Filter | None,
    k: int,
) -> list[Ranked]:
    """At least k chunks, best first, as far as there are any.

    `vector` is the question's. Chunks that hold what it puts in quotation marks come first.
    """
    depth = max(DEPTH, k)
    by_words = matching(question, indexes, filter, depth)
    by_vector = indexes.vectors().search(_aimed(question, vector, indexes, by_words), depth, filter)
    searches = [by_vector, by_words]
    rankings = [[chunk for chunk, _ in found] for found in searches]
    scores = dict(fuse([*rankings, blend(*searches)], k=FUSION_K))
    asked = phrases_of(question)
    exact = _to_the_letter(asked, indexes, records, filter, scores) if asked else {}
    strength = strengths(*searches)
    ranked = [
        Ranked(chunk, score, strength.get(chunk, 0.0), exact.get(chunk, 0))
        for chunk, score in scores.items()
    ]
    return sorted(ranked, key=lambda one: -one.score)


def matching(
    question: str, indexes: Indexes, filter: Filter | None, k: int
) -> list[tuple[int, float]]:
    """The k chunk ids that match the question's words best, with BM25 scores, best first."""
    keywords = indexes.keywords()
    hits = keywords.search(question, k, filter)
    if keywords.seq < 0:  # it turned out damaged
        hits = indexes.keywords().search(question, k, filter)
    return hits


def _aimed(
    question: str, vector: Sequence[float], indexes: Indexes, by_words: list[tuple[int, float]]
) -> np.ndarray:
    """The question's vector without what is common to all; how much, its words decide."""
    import numpy as np

    given = np.array(vector, dtype=np.float32)
    directions = indexes.vectors().directions()
    if directions is None:
        return given
    best = by_words[0][1] if by_words else 0.0
    if indexes.keywords().coverage(question, best) < FOREIGN:
        return directions.without_language(given)
    return directions.without_hubs(given)


def _to_the_letter(
    asked: Phrases,
    indexes: Indexes,
    records: Records,
    filter: Filter | None,
    scores: dict[int, float],
) -> dict[int, int]:
    """How many of the quoted phrases the chunks hold; `scores` gain by them and by identifiers."""
    exact: dict[int, int] = {}
    for phrases, gain in ((asked.quoted, QUOTED), (asked.identifiers, NAMED)):
        for phrase in phrases:
            # Those with the phrase's words, and what was found otherwise.
            wanted = [*indexes.keywords().holding(phrase, HOLDERS, filter), *scores]
            holders = _holders(phrase, records, list(dict.fromkeys(wanted)))
            for chunk, score in fuse([holders], k=FUSION_K):
                scores[chunk] = scores.get(chunk, 0.0) + score + gain
                exact[chunk] = exact.get(chunk, 0) + (phrases is asked.quoted)
    return exact


def _holders(phrase: str, records: Records, chunks: Sequence[int]) -> list[int]:
    """Those of the chunks that hold a phrase, in their order."""
    texts = {passage.chunk_id: passage.text for passage in records.passages(chunks)}
    return [chunk for chunk in chunks if chunk in texts and holds(texts[chunk], phrase)]
