"""Which of the passages found are worth reading together: not the same thing twice.

It does not know how they were found, and never changes their order.
"""

from collections.abc import Sequence

import numpy as np
from langchain_core.documents import Document

from chains.words import content_words

# Of 38,392 pairs of passages found together (benchmarks/retrieval.py), 138 shared so many words,
# and all of those were so near to each other.
ALIKE = 0.96  # cosine
SHARED = 0.8  # of all their content words
VARIETY = 0.1  # what likeness to a passage already chosen costs, of the best passage's score
CROWDED = 0.05  # what each passage already chosen from the same document costs, likewise


def distinct(passages: Sequence[Document], vectors: np.ndarray) -> list[Document]:
    """The passages without near-duplicates of better ones; `vectors` are their unit rows."""
    kept: list[int] = []
    for i, passage in enumerate(passages):
        near = (j for j in kept if vectors[i] @ vectors[j] >= ALIKE)
        if not any(_same(passage, passages[j]) for j in near):
            kept.append(i)
    return [passages[i] for i in kept]


def varied(passages: Sequence[Document], vectors: np.ndarray, k: int) -> list[Document]:
    """The k passages to read, in the order given, which is best first; the first one always.

    Those are chosen whose score is high and who add something to those chosen before, by maximal
    marginal relevance (Carbonell and Goldstein, SIGIR 1998). `vectors` are their unit rows.
    """
    if len(passages) <= k:
        return list(passages)
    scores = np.array([float(passage.metadata.get("score", 0.0)) for passage in passages])
    scores = scores / max(scores.max(), np.finfo(float).tiny)
    left, chosen = list(range(1, len(passages))), [0]
    while len(chosen) < k:
        best = max(left, key=lambda i: (scores[i] - _cost(i, chosen, passages, vectors), -i))
        chosen.append(best)
        left.remove(best)
    return [passages[i] for i in sorted(chosen)]


def _same(passage: Document, other: Document) -> bool:
    """Whether two passages use nearly the same words."""
    words, others = content_words(passage.page_content), content_words(other.page_content)
    either = words | others
    return not either or len(words & others) >= SHARED * len(either)


def _cost(
    place: int, chosen: Sequence[int], passages: Sequence[Document], vectors: np.ndarray
) -> float:
    source = passages[place].metadata.get("source")
    crowd = sum(passages[other].metadata.get("source") == source for other in chosen)
    return VARIETY * float((vectors[list(chosen)] @ vectors[place]).max()) + CROWDED * crowd
