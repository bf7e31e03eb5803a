"""The job that asks the chain and fills an answer in, piece by piece."""

from __future__ import annotations

from contextlib import closing
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler

from app.conversation import Answer
from app.job import Job
from chains import RagChain
from chains.rag import PROGRESS
from models.errors import KvasirError


class Reply(Job):
    """Asks one question; stopping it frees the engine within a step, prefill included."""

    def __init__(
        self, chain: RagChain, question: str, history: list[tuple[str, str]], answer: Answer
    ) -> None:
        super().__init__()
        self._chain = chain
        self._input = {"question": question, "history": history}
        self._answer = answer
        answer.state = "searching"

    def work(self) -> None:
        stream = self._chain.stream(self._input, {"callbacks": [_Progress(self, self._answer)]})
        try:
            with closing(stream) as parts:
                for part in parts:
                    self._answer.take(part)
                    self.step()
        except KvasirError as error:
            self._answer.error = str(error)
            self._answer.state = "failed"
            return
        self._answer.state = "done"

    def ended(self) -> None:
        if not self._answer.over:
            self._answer.state = "stopped"


class _Progress(BaseCallbackHandler):
    """Hears of the queue and the prefill, in the job's own thread, inside the chain's stream."""

    def __init__(self, job: Job, answer: Answer) -> None:
        self._job = job
        self._answer = answer

    def on_custom_event(self, name: str, data: Any, *, run_id: UUID, **kwargs: Any) -> None:
        if name == PROGRESS:
            self._answer.progress(data)
            self._job.step()
