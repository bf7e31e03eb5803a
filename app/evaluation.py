"""The job that puts questions with known answers to the library, and stores what came of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Literal

from app.gate import Gate
from app.job import Job, Stopped
from chains import RagChain
from chains.evaluation import EvaluationError, Gold, Outcome, Run, evaluate
from chains.evaluation.drafting import draft
from chains.evaluation.run import new_path, new_run, write_run
from models.errors import KvasirError

DRAFTED = Path("drafted.jsonl")  # what a run's questions are said to come from; there is no file
State = Literal["waiting", "drafting", "asking", "done", "stopped", "failed"]


class Evaluation(Job):
    """Asks so many questions drafted from the library, or those of a run once more.

    `done` of `total` are drafted, then asked. Stopped, it stores what is done; `name` is that of
    the stored run, "" without one. `error` is the line that says what went wrong. While it asks,
    the model stays as it is.
    """

    def __init__(self, chain: RagChain, gate: Gate, questions: int | Run) -> None:
        super().__init__()
        self.state: State = "waiting"
        self.done = 0
        self.total = questions if isinstance(questions, int) else len(questions.outcomes)
        self.name = ""
        self.error = ""
        self._chain = chain
        self._gate = gate
        self._questions = questions

    def work(self) -> None:
        try:
            with self._gate.passing(self.step):
                self._evaluate(self._drafted_or_given())
        except KvasirError as error:
            self.error = str(error)
            self.state = "failed"

    def ended(self) -> None:
        if self.state not in ("done", "failed"):
            self.state = "stopped"

    def _drafted_or_given(self) -> Sequence[Gold]:
        if isinstance(self._questions, Run):
            return [outcome.gold for outcome in self._questions.outcomes]
        self.state = "drafting"
        self.step()
        drafted: list[Gold] = []
        for gold in draft(self._chain.library, self._chain.llm, self._questions):
            drafted.append(gold)
            self.done = len(drafted)
            self.step()
        if not drafted:
            raise EvaluationError(
                "no question could be drafted from the documents: they hold too few whole "
                "sentences. Write some, and run: python chains eval questions.jsonl"
            )
        return drafted

    def _evaluate(self, questions: Sequence[Gold]) -> None:
        self.state, self.done, self.total = "asking", 0, len(questions)
        outcomes: list[Outcome] = []
        date, started = datetime.now().astimezone(), time.monotonic()
        with closing(evaluate(self._chain, questions)) as trials:
            try:
                self.step()
                for outcome in trials:
                    outcomes.append(outcome)
                    self.done = len(outcomes)
                    self.step()
            except Stopped:
                if not outcomes:
                    raise
        self._store(date, questions, outcomes, time.monotonic() - started)

    def _store(
        self, date: datetime, questions: Sequence[Gold], outcomes: Sequence[Outcome], seconds: float
    ) -> None:
        file = Path(self._questions.questions_file) if isinstance(self._questions, Run) else DRAFTED
        path = new_path(self._chain.library, file)
        asked = len(questions)
        write_run(new_run(self._chain, file, path.stem, date, asked, outcomes, seconds), path)
        self.name = path.stem
        if len(outcomes) == asked:
            self.state = "done"


class Bench:
    """The evaluation of this process, one at a time, whoever began it."""

    def __init__(self, chain: RagChain, gate: Gate) -> None:
        self.evaluation: Evaluation | None = None
        self._chain = chain
        self._gate = gate
        self._lock = Lock()

    @property
    def busy(self) -> bool:
        """Whether one is under way."""
        return self.evaluation is not None and not self.evaluation.finished

    def begin(self, questions: int | Run) -> bool:
        """Begin one; False where another is under way, and then nothing is done."""
        with self._lock:
            if self.busy:
                return False
            self.evaluation = Evaluation(self._chain, self._gate, questions)
            self.evaluation.start()
            return True
