"""The engine: one thread owns the context, callers queue up and get an iterator back.

Answers are made one after the other; the KV cache of the last prompt is kept, and the longest
common prefix with the next one is not computed again. It knows nothing of messages or prompts.
"""

import atexit
import codecs
import queue
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from models.engine.context import BATCH, Context, Placement
from models.engine.sampling import Sampling, StopFilter
from models.errors import ModelError

PATIENCE_S = 0.3  # between two reports of a place in the queue
BACKLOG = 64  # pieces of text a slow reader may leave unread before the engine waits


class PromptTooLong(ModelError):
    """A prompt does not fit into the context together with one token of answer."""


@dataclass(frozen=True)
class Waiting:
    """The answer has not begun: `ahead` others come first. Repeated while that is so."""

    ahead: int


@dataclass(frozen=True)
class Prefill:
    """`done` of `total` prompt tokens are computed, the first `reused` of them taken over."""

    done: int
    total: int
    reused: int


@dataclass(frozen=True)
class Text:
    """The next piece of the answer, from one or more tokens."""

    text: str


@dataclass(frozen=True)
class Finish:
    """The end: "stop", "length" (max_tokens or the context's end), and what it took."""

    reason: str
    prompt_tokens: int
    reused_tokens: int
    completion_tokens: int
    first_token_s: float
    total_s: float


Event = Waiting | Prefill | Text | Finish


@dataclass(eq=False)
class _Job:
    tokens: list[int]
    sampling: Sampling
    events: "queue.Queue[Event | BaseException]" = field(
        default_factory=lambda: queue.Queue(BACKLOG)
    )
    cancelled: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None

    def put(self, event: Event) -> None:
        """Hand over an event; wait for a slow reader, but not for one who has left."""
        while not self.cancelled.is_set():
            if self.error:
                raise self.error
            try:
                return self.events.put(event, timeout=0.1)
            except queue.Full:
                continue
        raise _Cancelled

    def fail(self, error: BaseException) -> None:
        """End with an error, which the reader meets after what is already handed over."""
        self.error = error
        with suppress(queue.Full):
            self.events.put_nowait(error)


class _Cancelled(Exception):
    """The caller closed its iterator."""


class Stream(Iterator[Event]):
    """The events of one answer. Closing it, or dropping it, stops the work."""

    def __init__(self, job: _Job, ahead: Callable[[], int]) -> None:
        self._job = job
        self._ahead = ahead
        self._ended = False

    def __next__(self) -> Event:
        event: Event | BaseException | None = None
        while event is None:
            if self._ended:  # also by another thread, in the middle of this call
                raise StopIteration
            try:
                event = self._job.events.get(timeout=PATIENCE_S)
            except queue.Empty:
                if ahead := self._ahead():
                    return Waiting(ahead)
                event = self._job.error
        self._ended = not isinstance(event, Prefill | Text)
        if isinstance(event, BaseException):
            raise event
        return event

    def close(self) -> None:
        """Stop the work within one decode call. Twice is fine."""
        self._ended = True
        self._job.cancelled.set()

    def __del__(self) -> None:
        self.close()


class Engine:
    """A model that answers any number of callers, one after the other.

    Loading happens in the constructor and raises ModelError. Close it, or let the process end.
    """

    def __init__(self, path: Path, placement: Placement | None = None) -> None:
        self.path = path
        self._context = Context(path, placement or Placement())
        self._resident: list[int] = []  # the tokens whose KV the context holds
        self._jobs: list[_Job] = []
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
        if len(tokens) >= self.context_size:
            raise PromptTooLong(
                f"the prompt has {len(tokens)} tokens, the context holds {self.context_size}. "
                "Ask something shorter, or set KVASIR_CONTEXT to more."
            )
        job = _Job(list(tokens), sampling)
        with self._changed:
            if self._closed:
                raise ModelError("the engine is closed")
            self._jobs.append(job)
            self._changed.notify_all()
        return Stream(job, lambda: self._jobs_before(job))

    def _jobs_before(self, job: _Job) -> int:
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
                self._answer(job)
            except _Cancelled:
                pass
            except Exception as error:  # noqa: BLE001 - raised again in the caller's thread
                self._resident = []
                job.fail(error)
            finally:
                with self._changed:
                    self._jobs.remove(job)

    def _next(self) -> _Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closed)
            return None if self._closed else self._jobs[0]

    def _answer(self, job: _Job) -> None:
        started = time.perf_counter()
        reused = self._prefill(job)
        sampler = self._context.sampler(job.sampling)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        shown = StopFilter(job.sampling.stop)
        room = min(job.sampling.max_tokens, self.context_size - len(job.tokens))
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

    def _prefill(self, job: _Job) -> int:
        """Make the prompt resident, its last token's logits ready; returns what was reused."""
        self._check(job)  # one that was dropped in the queue leaves the resident tokens alone
        reused = 0
        # The last token is always computed: its logits choose the answer's first.
        for ours, theirs in zip(self._resident, job.tokens[:-1], strict=False):
            if ours != theirs:
                break
            reused += 1
        reused = self._context.forget(reused)
        del self._resident[reused:]
        total = len(job.tokens)
        for start in range(reused, total, BATCH):
            self._check(job)
            job.put(Prefill(start, total, reused))
            self._decode(job.tokens[start : start + BATCH])
        job.put(Prefill(total, total, reused))
        return reused

    def _decode(self, tokens: list[int]) -> None:
        self._context.decode(tokens, len(self._resident))
        self._resident += tokens

    def _check(self, job: _Job) -> None:
        if job.cancelled.is_set():
            raise _Cancelled
        if job.error:
            raise job.error


def _close_if_alive(reference: "weakref.ref[Engine]") -> None:
    engine = reference()
    if engine:
        engine.close()
