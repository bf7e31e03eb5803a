"""A run as text for a terminal: what failed, the figures, and which answers miss the gold one."""

from collections.abc import Iterator, Mapping, Sequence

from chains.evaluation.outcome import Outcome
from chains.evaluation.run import Run
from chains.evaluation.summary import Difference
from chains.evaluation.table import table

NAMED = 10  # questions that are named of those that went wrong


def run_text(run: Run, before: Run | None, differences: Mapping[str, Difference] | None) -> str:
    """The lines of a run, beside the run before if there is one."""
    lines = [f"failed   {each.gold.question}: {each.error}" for each in run.outcomes if each.error]
    lines += [_heading(run), table(run.figures, differences)]
    if before:
        lines.append(f"before: {before.name}, {before.date:%Y-%m-%d %H:%M}, {before.model}")
    return "\n".join([*lines, *_missed(run.outcomes)])


def _heading(run: Run) -> str:
    unanswerable = sum(each.gold.unanswerable for each in run.outcomes)
    return (
        f"{len(run.outcomes):,} questions, {unanswerable:,} of them unanswerable · "
        f"documents: {run.documents:,} · {run.model}, {'quoting' if run.quoted else 'writing'} · "
        f"{run.seconds:.0f} s"
    )


def _missed(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The questions whose answers lack the gold answer, the first of them."""
    missed = [each for each in outcomes if each.in_answer is False and not each.error]
    for each in missed[:NAMED]:
        found = "" if each.rank is None else f" (right passage: {each.rank or 'not found'})"
        yield f"missed   {each.gold.question} → {each.gold.answers[0]}{found}"
    if len(missed) > NAMED:
        yield f"missed   {len(missed) - NAMED:,} more"
