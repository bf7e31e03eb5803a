"""What fused_quality found: means over questions, and differences with their intervals."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from engine_setup import print_table

from chains.evaluation.bootstrap import interval

Record = dict[str, Any]


def summarize(records: Sequence[Record], ways: Sequence[str], baseline: str) -> dict[str, Any]:
    """How often the question found the gold passage; each score's mean by way, its difference to
    the baseline's and that one's 95% interval. `written` are the questions with written answers.
    """
    ranks = [_rank(record) for record in records]
    written = [record for record in records if all("text" in record["ways"][w] for w in ways)]
    scores = {"nll per token": records, "nll": records, "recall": written, "f1": written}
    return {
        "questions": len(records),
        "written": len(written),
        "hit@1": float(np.mean([rank == 0 for rank in ranks])),
        "mean rank": float(1 + np.mean(ranks)),
        "scores": {
            score: {way: _summary(among, way, score, baseline) for way in ways}
            for score, among in scores.items()
            if among
        },
    }


def print_summary(language: str, summary: dict[str, Any], baseline: str) -> None:
    """A language's summary as tables."""
    print(
        f"\n{language}: {summary['questions']} questions. By the question's likelihood the gold "
        f"passage is first for {summary['hit@1']:.3f} of them, its mean rank "
        f"{summary['mean rank']:.2f}"
    )
    against = f"differences to “{baseline}” [95%]"
    _print_scores(
        f"{language}: negative log-likelihood of the gold answer, less is better; {against}",
        summary["scores"],
        {"nll per token": "NLL per token", "nll": "NLL per answer"},
    )
    if summary["written"]:
        _print_scores(
            f"{language}: answers written to {summary['written']} questions, more is better; "
            f"{against}",
            summary["scores"],
            {"recall": "gold in answer", "f1": "F1"},
        )


def _print_scores(title: str, scores: dict[str, Any], names: dict[str, str]) -> None:
    head = ["way", *(part for name in names.values() for part in (name, "difference"))]
    rows = [
        [way, *(part for score in names for part in _shown(scores[score][way]))]
        for way in scores[next(iter(names))]
    ]
    print_table(title, head, rows)


def _shown(score: dict[str, float]) -> tuple[str, str]:
    low, high = score["low"], score["high"]
    if low == score["difference"] == high == 0:
        return f"{score['mean']:.3f}", "0"
    return f"{score['mean']:.3f}", f"{score['difference']:+.3f} [{low:+.3f}, {high:+.3f}]"


def _summary(records: Sequence[Record], way: str, score: str, baseline: str) -> dict[str, float]:
    values = _values(records, way, score)
    differences = values - _values(records, baseline, score)
    low, high = interval(differences)
    means = {"mean": float(values.mean()), "difference": float(differences.mean())}
    return {**means, "low": low, "high": high}


def _rank(record: Record) -> int:
    likelihoods = record["log_likelihoods"]
    return sum(other > likelihoods[record["gold"]] for other in likelihoods)


def _values(records: Sequence[Record], way: str, score: str) -> np.ndarray:
    if score == "nll per token":
        values = [r["ways"][way]["nll"] / r["answer_tokens"] for r in records]
    else:
        values = [r["ways"][way][score] for r in records]
    return np.array(values)
