"""The job that asks the chain and fills an answer in, piece by piece."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from threading import Event
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler

from app.conversation import Answer
from app.gate import Gate
from app.job import Job
from app.pieces import cited_passages
from chains import RagChain
from chains.rag import PROGRESS
from chains.suggestions import suggestions
from models.chat_model import KvasirChat
from models.errors import KvasirError

KEEP_S = 0.5  # what a sudden end of the process may cost of an answer
PATIENCE_S = 0.25
LOOSE = 0.7


class Reply(Job):
    """Asks one question; stopping it frees the engine within a step, prefill included.

    It waits until the jobs in `after` have ended: files that the question may be about, answers
    that it may refer to; only then is `history` called. `keep` is called now and then, and at the
    end; it gives whether somebody elsewhere wants a stop. The `gate` keeps the model while it works
    from being changed. `narrow` gives the chain's filter, None for all documents. With `again`, a
    model on this machine that writes takes likely words instead of the likeliest.
    """

    def __init__(
        self,
        chain: RagChain,
        question: str,
        history: Callable[[], list[tuple[str, str]]],
        answer: Answer,
        *,
        after: Sequence[Job] = (),
        keep: Callable[[], bool] = lambda: False,
        again: bool = False,
        gate: Gate | None = None,
        narrow: Callable[[], Mapping[str, list[str]] | None] = lambda: None,
    ) -> None:
        super().__init__()
        self._chain = chain
        self._question = question
        self._history = history
        self._answer = answer
        self._after = after
        self._keep = keep
        self._again = again
        self._gate = gate or Gate()
        self._narrow = narrow
        self._kept_at = 0.0
        self._pause = Event()
        answer.state = "searching"

    def work(self) -> None:
        self._wait()
        with self._gate.passing(self._held_up):
            self._answer.state = "searching"
            self._ask()

    def _ask(self) -> None:
        asked: dict[str, Any] = {"question": self._question, "history": self._history()}
        try:
            if narrow := self._narrow():
                asked["filter"] = narrow
            chain = loosened(self._chain) if self._again else self._chain
            stream = chain.stream(asked, {"callbacks": [_Progress(self, self._answer)]})
            with closing(stream) as parts:
                for part in parts:
                    self._answer.take(part)
                    self.keep_now_and_then()
                    self.step()
        except KvasirError as error:
            self._answer.error = str(error)
            self._answer.state = "failed"
            return
        self._answer.next = self._next(asked["history"])
        self._answer.state = "done"

    def _next(self, history: list[tuple[str, str]]) -> list[str]:
        """What may be asked after it, from around the passages that it cites, or else had."""
        answer = self._answer
        cited = cited_passages(answer.citations, answer.sources)
        others = [place for place in range(len(answer.sources)) if place not in cited]
        passages = [answer.sources[place] for place in [*cited, *others]]
        asked = [text for role, text in history if role == "human"]
        try:
            return suggestions(
                self._question, answer.text, passages, self._chain.library, asked=asked
            )
        except KvasirError:
            return []  # the library is being changed: the answer is none the worse

    def ended(self) -> None:
        if not self._answer.over:
            self._answer.state = "stopped"
        self._keep()

    def _wait(self) -> None:
        while before := [job for job in self._after if not job.finished]:
            ahead = sum(isinstance(job, Reply) for job in before)
            if ahead:
                self._answer.progress({"step": "waiting", "ahead": ahead})
            self._pause.wait(PATIENCE_S)
            self.step()

    def _held_up(self) -> None:
        self._answer.state = "changing"
        self.step()

    def keep_now_and_then(self) -> None:
        """Keep what there is, unless that was done just now."""
        now = time.monotonic()
        if now - self._kept_at >= KEEP_S:
            self._kept_at = now
            if self._keep():
                self.stop()


def loosened(chain: RagChain) -> RagChain:
    """The chain with a model that gives another answer each time."""
    if not isinstance(chain.llm, KvasirChat):
        return chain
    temperature = max(chain.llm.temperature, LOOSE)
    llm = chain.llm.model_copy(update={"temperature": temperature, "seed": None})
    return RagChain(chain.library, llm, chain.retriever)


class _Progress(BaseCallbackHandler):
    """Hears of the queue and the prefill, in the job's own thread, inside the chain's stream."""

    def __init__(self, job: Reply, answer: Answer) -> None:
        self._job = job
        self._answer = answer

    def on_custom_event(self, name: str, data: Any, *, run_id: UUID, **kwargs: Any) -> None:
        if name == PROGRESS:
            self._answer.progress(data)
            self._job.keep_now_and_then()
            self._job.step()
