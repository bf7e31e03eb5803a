"""Whether anything in a library bears on a question, decided before a model says a word.

Two signs tell: how far the nearest chunk stands out from those behind it, and how many of the
question's words a passage holds. Their weights are fitted on questions that documents answer and
on questions about documents left out, for each embedder (benchmarks/refusal.py). It does not know
how passages are ranked.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from chains.language import Language, language_of
from chains.words import content_words, overlap

NEAREST = 20
"""Chunks whose cosines are looked at."""

BEHIND = 5
"""The chunks from this rank on do not answer: their mean cosine is the background."""


@dataclass(frozen=True)
class Calibration:
    """The log odds that a question can be answered: constant + margin·m + coverage·c.

    Below `threshold` it is refused. `background` stands in for the mean cosine of chunks that do
    not answer where a library is too small to tell, `across` where those are of another language
    than the question; `usual_coverage` then stands in for the share of common words.
    """

    constant: float
    margin: float
    coverage: float
    threshold: float
    background: dict[Language, float]
    across: float
    usual_coverage: float


CALIBRATIONS = {
    "multilingual-e5-small": Calibration(
        constant=-8.36,
        margin=87.7,
        coverage=10.3,
        threshold=-1.68,
        background={"en": 0.76, "zh": 0.83},
        across=0.74,
        usual_coverage=0.495,
    )
}
"""By embedder. With one that is not here nothing is refused."""


@dataclass(frozen=True)
class Signs:
    """`margin` is how far the nearest cosine stands out; `coverage` is None where only passages of
    another language can hold the answer.
    """

    margin: float
    coverage: float | None


def signs(
    question: str, cosines: Sequence[float], texts: Sequence[str], calibration: Calibration
) -> Signs:
    """What tells whether passages bear on a question.

    `cosines` are those of the NEAREST chunks of a library, best first, `texts` the passages that
    were retrieved, of which the best counts. Neither may be empty.
    """
    language = language_of(question)
    behind = cosines[BEHIND:NEAREST]
    alike = [text for text in texts if language_of(text) == language]
    across = len(alike) < len(texts)
    background = calibration.across if across else calibration.background[language]
    if len(cosines) >= NEAREST:
        background = sum(behind) / len(behind)
    words = content_words(question)
    covered = max((overlap(words, content_words(text)) for text in alike), default=0.0)
    unknown = not words or (across and covered < calibration.usual_coverage)
    return Signs(cosines[0] - background, None if unknown else covered)


def log_odds(found: Signs, calibration: Calibration) -> float:
    """How surely a question can be answered: 0 for even odds, above for yes."""
    coverage = calibration.usual_coverage if found.coverage is None else found.coverage
    return (
        calibration.constant + calibration.margin * found.margin + calibration.coverage * coverage
    )


def probability(odds: float) -> float:
    """Log odds as a probability."""
    return 1 / (1 + math.exp(-odds))
