"""Questions with gold answers put to one's own library, and what comes of them in figures."""

from chains.evaluation.errors import EvaluationError
from chains.evaluation.gold import Gold, read_gold
from chains.evaluation.outcome import Outcome
from chains.evaluation.run import Run, Stored, runs
from chains.evaluation.summary import Difference, Figure, compare, summarize
from chains.evaluation.trial import evaluate

__all__ = [
    "Difference",
    "EvaluationError",
    "Figure",
    "Gold",
    "Outcome",
    "Run",
    "Stored",
    "compare",
    "evaluate",
    "read_gold",
    "runs",
    "summarize",
]
