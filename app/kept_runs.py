"""The stored runs of a library, read once for each state of their files, and pairs compared."""

from __future__ import annotations

import os
from collections.abc import Sequence
from math import isfinite
from pathlib import Path

import streamlit as st

from chains.evaluation import Difference, Run, Stored, compare, runs
from chains.evaluation.run import FOLDER, SUFFIX
from ingest import Library

Stamp = tuple[tuple[str, int, int], ...]


def kept_runs(library: Library) -> list[Stored]:
    """The runs, the newest first, those that cannot be read last. Raises EvaluationError."""
    return _runs(str(library.folder), _stamp(library.folder / FOLDER), library)


def readable_runs(stored: Sequence[Stored]) -> list[Run]:
    """The runs that can be read, called as their files are: no two have one name."""
    return [each.run.model_copy(update={"name": each.name}) for each in stored if each.run]


def compared(run: Run, before: Run) -> dict[str, Difference]:
    """How a run's figures differ from another's over the questions of both; {} without such."""
    key = (run.name, run.date.isoformat(), before.name, before.date.isoformat())
    return _compared(key, run, before)


def worth_comparing(run: Run, others: Sequence[Run]) -> Run | None:
    """The latest run before this one that has questions in common with it."""
    golds = {outcome.gold for outcome in run.outcomes}
    earlier = [each for each in others if each.date < run.date]
    for each in sorted(earlier, key=lambda other: other.date, reverse=True):
        if any(outcome.gold in golds for outcome in each.outcomes):
            return each
    return None


def figure(run: Run, name: str) -> float | None:
    """A figure of a run, None where it has none that can be drawn."""
    found = run.figures.get(name)
    return found.value if found and isfinite(found.value) else None


def _stamp(folder: Path) -> Stamp:
    """What tells one state of a folder of runs from another."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(SUFFIX):
                    stat = entry.stat()
                    found.append((entry.name, stat.st_mtime_ns, stat.st_size))
    except OSError:  # no folder, or a file that has just gone: reading says what is wrong
        pass
    return tuple(sorted(found))


@st.cache_resource(show_spinner=False, max_entries=2)
def _runs(folder: str, stamp: Stamp, _library: Library) -> list[Stored]:
    return runs(_library)


@st.cache_resource(show_spinner=False, max_entries=16)
def _compared(key: tuple[str, ...], _run: Run, _before: Run) -> dict[str, Difference]:
    return compare(_run.outcomes, _before.outcomes)
