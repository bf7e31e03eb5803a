"""A run of an evaluation, stored whole: what was asked with which settings, and what came of it.

Runs lie as JSON in the library's folder `evaluations`. It does not know how they are shown.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from chains.evaluation.errors import EvaluationError
from chains.evaluation.outcome import Outcome
from chains.evaluation.summary import Figure, summarize
from chains.evaluation.validation import first_problem
from chains.quoting import quotes
from chains.rag import RagChain
from ingest import Library
from ingest.sidecar import write_atomically
from models.settings import get_settings

FOLDER = "evaluations"
SUFFIX = ".json"
LARGEST = 500_000_000  # bytes of a stored run
PRIVATE = {"library", "cache"}  # settings that say nothing of the answers
_NAME = re.compile(r"[^\W_][\w .()+-]{0,99}")


class Run(BaseModel):
    """What was asked and what came of it.

    `date` is that of its start, with the time zone. `asked` are all the questions that were to be
    asked: more than `outcomes` has where it was interrupted. `figures` are `summarize`'s.
    """

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    name: str
    date: datetime
    questions_file: str
    model: str
    quoted: bool
    embedder: str
    documents: int
    settings: dict[str, Any]
    asked: int
    seconds: float
    figures: dict[str, Figure]
    outcomes: tuple[Outcome, ...]

    @property
    def complete(self) -> bool:
        """Whether all the questions were asked."""
        return len(self.outcomes) == self.asked


@dataclass(frozen=True)
class Stored:
    """A file in a library's folder of runs; `run` is None where `problem` says why."""

    name: str
    path: Path
    run: Run | None
    problem: str = ""


def runs(library: Library) -> list[Stored]:
    """The runs stored with a library, the newest first, those that cannot be read last."""
    folder = library.folder / FOLDER
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(SUFFIX))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise EvaluationError(f"{folder} cannot be read: {error.strerror}") from error
    found = [_stored(folder / name) for name in names if not name.startswith(".")]
    return sorted(found, key=_newest_first)


def run_path(library: Library, name: str) -> Path:
    """Where the run of a name is stored; a text with a folder in it or ending in .json is a path.

    Raises EvaluationError for what is neither.
    """
    if name.endswith(SUFFIX) or "/" in name or os.sep in name:
        return Path(os.path.expanduser(name))
    if not _NAME.fullmatch(name):
        raise EvaluationError(
            f"{name!r} is no name for a run: up to 100 letters, digits, spaces and .-+_()"
        )
    return library.folder / FOLDER / f"{name}{SUFFIX}"


def read_run(path: Path) -> Run:
    """A stored run. Raises EvaluationError where there is none, or another file."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise EvaluationError(f"the run {path} cannot be read: {error.strerror}") from error
    if len(data) > LARGEST:
        raise EvaluationError(f"{path} has more than {LARGEST:,} bytes: it is no stored run")
    try:
        return Run.model_validate_json(data)
    except ValidationError as error:
        raise EvaluationError(f"{path} is no stored run: {first_problem(error)}") from error


def find_run(library: Library, name: str) -> Run:
    """The run of this name, or in this file. Raises EvaluationError where it cannot be read."""
    path = run_path(library, name)
    if not path.exists():
        there = ", ".join(stored.name for stored in runs(library)) or "none"
        raise EvaluationError(f"there is no run {path}. Stored with this library: {there}")
    return read_run(path)


def new_path(library: Library, questions: Path) -> Path:
    """Where a run that was given no name is stored: by the name of its questions and the time."""
    stem = "".join(c for c in questions.stem if _NAME.fullmatch(f"x{c}"))[:60]
    name = f"{stem.lstrip('_.()+- ') or 'run'} {datetime.now():%Y-%m-%d %H.%M.%S}"
    path = run_path(library, name)
    for number in count(2):
        if not path.exists():
            break
        path = run_path(library, f"{name} ({number})")
    return path


def new_run(
    chain: RagChain,
    file: Path,
    name: str,
    date: datetime,
    asked: int,
    outcomes: Sequence[Outcome],
    seconds: float,
) -> Run:
    """What has come of a chain's answers up to now, with the settings in force."""
    library = chain.library
    return Run(
        name=name,
        date=date,
        questions_file=str(file),
        model=get_settings().model,
        quoted=quotes(chain.llm),
        embedder=library.built_with[0],
        documents=sum(document.status != "failed" for document in library.documents()),
        settings=get_settings().model_dump(mode="json", exclude=PRIVATE),
        asked=asked,
        seconds=seconds,
        figures=summarize(outcomes),
        outcomes=tuple(outcomes),
    )


def check_free(path: Path) -> None:
    """Raise EvaluationError where a run could not be written: nothing is overwritten."""
    if path.exists():
        raise EvaluationError(f"{path} is there already. Take another name, or remove it")


def write_run(run: Run, path: Path) -> None:
    """Store a run, whole or not at all. Raises EvaluationError where that fails."""
    check_free(path)
    text = run.model_dump_json(indent=1) + "\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(path, lambda draft: draft.write_text(text, "utf-8"))
    except OSError as error:
        raise EvaluationError(f"the run cannot be written to {path}: {error.strerror}") from error


def _stored(path: Path) -> Stored:
    try:
        run = read_run(path)
    except EvaluationError as error:
        return Stored(path.stem, path, None, str(error))
    return Stored(path.stem, path, run)


def _newest_first(stored: Stored) -> tuple[bool, float, str]:
    return stored.run is None, -stored.run.date.timestamp() if stored.run else 0.0, stored.name
