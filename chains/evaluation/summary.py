"""The figures of a run: shares, means and times over questions, with intervals, and differences."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from chains.evaluation.bootstrap import Statistic, interval, mean, median, p95, paired_interval
from chains.evaluation.outcome import Outcome


class Figure(BaseModel):
    """A figure over `count` questions, with its 95% interval."""

    model_config = ConfigDict(frozen=True)

    value: float
    low: float
    high: float
    count: int


class Difference(BaseModel):
    """How far a figure lies above that of another run, over the `count` questions of both.

    `now` and `before` are over these questions alone; the interval is of their difference.
    """

    model_config = ConfigDict(frozen=True)

    now: float
    before: float
    difference: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Measure:
    """What a figure is made of: each question's part, None where it has none."""

    of: Callable[[Outcome], float | None]
    statistic: Statistic = mean


def _hit(k: int) -> Callable[[Outcome], float | None]:
    return lambda each: None if each.rank is None else float(0 < each.rank <= k)


def _reciprocal(each: Outcome) -> float | None:
    return None if each.rank is None else (1 / each.rank if each.rank else 0.0)


def _citation_precision(each: Outcome) -> float | None:
    if each.cited_right is None or not each.cited:
        return None
    return each.cited_right / each.cited


def _citation_recall(each: Outcome) -> float | None:
    return None if each.cited_right is None else float(each.cited_right > 0)


def _refused(each: Outcome, *, unanswerable: bool) -> float | None:
    return float(each.refused) if each.gold.unanswerable == unanswerable else None


MEASURES = {
    "hit@1": Measure(_hit(1)),
    "hit@3": Measure(_hit(3)),
    "hit@5": Measure(_hit(5)),
    "mrr": Measure(_reciprocal),
    "marked_recall": Measure(lambda each: _share(each.in_marked)),
    "answer_recall": Measure(lambda each: _share(each.in_answer)),
    "f1": Measure(lambda each: each.f1),
    "citation_precision": Measure(_citation_precision),
    "citation_recall": Measure(_citation_recall),
    "grounded": Measure(lambda each: each.grounded),
    "right_refusals": Measure(lambda each: _refused(each, unanswerable=True)),
    "wrong_refusals": Measure(lambda each: _refused(each, unanswerable=False)),
    "first_token_p50_s": Measure(lambda each: each.first_token_s, median),
    "first_token_p95_s": Measure(lambda each: each.first_token_s, p95),
}


def summarize(outcomes: Iterable[Outcome]) -> dict[str, Figure]:
    """Every figure that the questions have something to say to, by the names of MEASURES.

    Questions that could not be answered for an error are in none.
    """
    answered = [each for each in outcomes if not each.error]
    figures = {}
    for name, measure in MEASURES.items():
        values = [value for each in answered if (value := measure.of(each)) is not None]
        if values:
            low, high = interval(values, measure.statistic)
            figures[name] = Figure(
                value=measure.statistic(values), low=low, high=high, count=len(values)
            )
    return figures


def compare(outcomes: Sequence[Outcome], before: Sequence[Outcome]) -> dict[str, Difference]:
    """How the figures differ from those of a run before, over the questions that both have.

    A question is the same if its line is: its gold answers and its place, too.
    """
    then = {each.gold: each for each in before if not each.error}
    both = [(each, then[each.gold]) for each in outcomes if not each.error and each.gold in then]
    found = {}
    for name, measure in MEASURES.items():
        pairs = [(measure.of(now), measure.of(old)) for now, old in both]
        known = [(a, b) for a, b in pairs if a is not None and b is not None]
        if known:
            found[name] = _difference(known, measure.statistic)
    return found


def _share(told: bool | None) -> float | None:
    return None if told is None else float(told)


def _difference(pairs: Sequence[tuple[float, float]], statistic: Statistic) -> Difference:
    ours, theirs = [now for now, _ in pairs], [old for _, old in pairs]
    now, before = statistic(ours), statistic(theirs)
    low, high = paired_interval(ours, theirs, statistic)
    return Difference(
        now=now, before=before, difference=now - before, low=low, high=high, count=len(pairs)
    )
