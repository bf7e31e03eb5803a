"""Figures of runs, and their differences."""

import pytest

from chains.evaluation.gold import Gold
from chains.evaluation.outcome import Outcome
from chains.evaluation.summary import MEASURES, compare, summarize
from chains.evaluation.table import LABELS, table


def asked(number: int, rank: int, **more: object) -> Outcome:
    fields = {"in_answer": rank == 1, "cited": 2, "cited_right": int(rank == 1), "grounded": 1.0}
    times = {"first_token_s": float(number)}
    gold = Gold(question=f"Q{number}", answers=("a",))
    return Outcome.model_validate({"gold": gold, "rank": rank, **fields, **times, **more})


UNANSWERABLE = Gold(question="No?", unanswerable=True)
RUN = [asked(1, 1), asked(2, 2), asked(3, 5), asked(4, 0, refused=True, grounded=None)]


def test_the_figures_are_what_they_are_called() -> None:
    refusal = Outcome(gold=UNANSWERABLE, refused=True, first_token_s=5.0)
    figures = summarize([*RUN, refusal])
    values = {name: figure.value for name, figure in figures.items()}
    assert (values["hit@1"], values["hit@3"], values["hit@5"]) == (0.25, 0.5, 0.75)
    assert values["mrr"] == pytest.approx((1 + 1 / 2 + 1 / 5) / 4)
    assert values["answer_recall"] == 0.25
    assert (values["citation_precision"], values["citation_recall"]) == (0.125, 0.25)
    assert (values["right_refusals"], values["wrong_refusals"]) == (1.0, 0.25)
    assert values["grounded"] == 1.0
    assert values["first_token_p50_s"] == 3.0
    assert (figures["grounded"].count, figures["first_token_p50_s"].count) == (3, 5)
    assert figures["hit@1"].low <= 0.25 <= figures["hit@1"].high


def test_what_nothing_was_said_of_has_no_figure() -> None:
    figures = summarize([Outcome(gold=Gold(question="Q"), cited=0, first_token_s=1.0)])
    assert set(figures) == {"wrong_refusals", "first_token_p50_s", "first_token_p95_s"}
    assert summarize([]) == {}


def test_questions_that_failed_are_in_no_figure() -> None:
    failed = Outcome(gold=Gold(question="Q"), error="the prompt is too long")
    assert summarize([*RUN, failed]) == summarize(RUN)


def test_runs_are_compared_over_the_questions_that_both_have() -> None:
    before = [asked(2, 1), asked(3, 1), asked(9, 1), asked(4, 0, error="gone")]
    found = compare(RUN, before)["hit@1"]
    assert (found.now, found.before, found.difference, found.count) == (0.0, 1.0, -1.0, 2)
    assert (found.low, found.high) == (-1.0, -1.0)


def test_a_question_whose_gold_answer_changed_is_another_one() -> None:
    changed = [asked(1, 1, gold=Gold(question="Q1", answers=("b",)))]
    assert compare(RUN, changed) == {}


def test_every_measure_has_a_label_and_every_figure_its_line() -> None:
    assert list(LABELS) == list(MEASURES)
    figures = summarize(RUN)
    lines = table(figures, None).splitlines()
    assert len(lines) == 1 + len(figures)
    assert "(hit@1)" in lines[1]
    assert "0.25" in lines[1]


def test_a_difference_beyond_chance_has_a_star_and_one_that_is_missing_a_dash() -> None:
    worse = [asked(n, 1) for n in (1, 2, 3, 4)]
    figures = summarize(RUN)
    shown = table(figures, compare(RUN, worse)).splitlines()
    assert "-0.75*" in shown[1]
    assert "–" in table(figures, {}).splitlines()[1]
    assert "*" not in table(figures, compare(RUN, RUN))
