"""The engine: one thread owns the context, callers queue up and get a stream back.

Jobs are done one after the other; the KV cache of the last one is kept, and the longest common
prefix with the next one is not computed again. It knows nothing of messages or prompts.
"""

import atexit
import codecs
import threading
import time
import weakref
from collections.abc import Sequence
from pathlib import Path

from models.engine.context import BATCH, Context, Placement
from models.engine.sampling import Sampling, StopFilter
from models.engine.stream import Cancelled, Finish, Job, Likelihood, Prefill, Stream, Text
from models.errors import ModelError


class PromptTooLong(ModelError):
    """A prompt does not fit into the context together with one token of answer."""


class Engine:
    """A model that answers any number of callers, one after the other.

    Loading happens in the constructor and raises ModelError. Close it, or let the process end.
    """

    def __init__(self, path: Path, placement: Placement | None = None) -> None:
        self.path = path
        self._context = Context(path, placement or Placement())
        self._resident: list[int] = []  # the tokens whose KV the context holds
        self._jobs: list[Job] = []
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="kvasir-engine", daemon=True)
        self._thread.start()
        # At exit the thread must be out of llama.cpp before the interpreter is torn down.
        atexit.register(_close_if_alive, weakref.ref(self))

    @property
    def context_size(self) -> int:
        """Tokens of prompt and answer together, at most."""
        return self._context.size

    @property
    def vocabulary(self) -> Context:
        """The context for its text and token methods, which any thread may call."""
        return self._context

    def generate(self, tokens: Sequence[int], sampling: Sampling) -> Stream:
        """Answer a prompt. Closing the iterator stops the work within one decode call.

        Raises PromptTooLong at once; ModelError from the iterator if decoding fails.
        """
        if not tokens:
            raise ModelError("an empty prompt cannot be answered")
        return self._submit(Job(list(tokens), sampling))

    def likelihood(self, prefix: Sequence[int], text: Sequence[int]) -> Stream:
        """Score a text: the stream ends with its Likelihood after the prefix.

        Raises PromptTooLong at once, ModelError if either is empty.
        """
        if not prefix or not text:
            raise ModelError("a likelihood needs tokens of the text and before it")
        return self._submit(Job([*prefix, *text], scored=len(text)))

    def _submit(self, job: Job) -> Stream:
        tokens = job.tokens
        if len(tokens) >= self.context_size:
            raise PromptTooLong(
                f"the prompt has {len(tokens)} tokens, the context holds {self.context_size}. "
                "Ask something shorter, or set KVASIR_CONTEXT to more."
            )
        with self._changed:
            if self._closed:
                raise ModelError("the engine is closed")
            self._jobs.append(job)
            self._changed.notify_all()
        return Stream(job, lambda: self._jobs_before(job))

    def _jobs_before(self, job: Job) -> int:
        with self._changed:
            return self._jobs.index(job) if job in self._jobs else 0

    def close(self) -> None:
        """End the running answer and the thread, and free the model. Twice is fine."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            for job in self._jobs:
                job.fail(ModelError("the engine was closed before the answer ended"))
            self._changed.notify_all()
        self._thread.join()
        self._context.close()

    # ---- the owning thread

    def _run(self) -> None:
        while job := self._next():
            try:
                if job.sampling:
                    self._answer(job, job.sampling)
                else:
                    self._score(job)
            except Cancelled:
                pass
            except Exception as error:  # noqa: BLE001 - raised again in the caller's thread
                self._resident = []
                job.fail(error)
            finally:
                with self._changed:
                    self._jobs.remove(job)

    def _next(self) -> Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closed)
            return None if self._closed else self._jobs[0]

    def _answer(self, job: Job, sampling: Sampling) -> None:
        started = time.perf_counter()
        reused = self._prefill(job, len(job.tokens))
        sampler = self._context.sampler(sampling)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        shown = StopFilter(sampling.stop)
        room = min(sampling.max_tokens, self.context_size - len(job.tokens))
        first_token_s, count, reason = 0.0, 0, "length"
        try:
            while count < room:
                self._check(job)
                token = sampler.sample()
                first_token_s = first_token_s or time.perf_counter() - started
                count += 1
                if self._context.ends(token):
                    reason = "stop"
                    break
                text = shown.push(decoder.decode(self._context.piece(token)))
                if text:
                    job.put(Text(text))
                if shown.stopped:
                    reason = "stop"
                    break
                if count < room:
                    self._decode([token])
        finally:
            sampler.close()
        rest = shown.push(decoder.decode(b"", final=True)) + shown.flush()
        if rest:
            job.put(Text(rest))
        total_s = time.perf_counter() - started
        job.put(Finish(reason, len(job.tokens), reused, count, first_token_s, total_s))

    def _score(self, job: Job) -> None:
        """Sum the log-probabilities of the job's last tokens, each after all before it."""
        first = len(job.tokens) - job.scored
        reused = self._prefill(job, first)
        targets = job.tokens[first:]
        total = self._context.log_probabilities(targets[:1])[0]
        for start in range(0, job.scored - 1, BATCH):
            self._check(job)
            self._decode(targets[start : min(start + BATCH, job.scored - 1)], all_logits=True)
            total += sum(self._context.log_probabilities(targets[start + 1 : start + 1 + BATCH]))
        job.put(Likelihood(total, job.scored, len(job.tokens), reused))

    def _prefill(self, job: Job, end: int) -> int:
        """Make the prompt resident up to `end`, with the logits after it; returns the reused."""
        self._check(job)  # one that was dropped in the queue leaves the resident tokens alone
        reused = 0
        # The last token is always computed: its logits choose what comes next.
        for ours, theirs in zip(self._resident, job.tokens[: end - 1], strict=False):
            if ours != theirs:
                break
            reused += 1
        reused = self._context.forget(reused)
        del self._resident[reused:]
        for start in range(reused, end, BATCH):
            self._check(job)
            job.put(Prefill(start, end, reused))
            self._decode(job.tokens[start : min(start + BATCH, end)])
        job.put(Prefill(end, end, reused))
        return reused

    def _decode(self, tokens: list[int], *, all_logits: bool = False) -> None:
        self._context.decode(tokens, len(self._resident), all_logits=all_logits)
        self._resident += tokens

    def _check(self, job: Job) -> None:
        if job.cancelled.is_set():
            raise Cancelled
        if job.error:
            raise job.error


def _close_if_alive(reference: "weakref.ref[Engine]") -> None:
    engine = reference()
    if engine:
        engine.close()
