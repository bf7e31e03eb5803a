"""What passes between the engine's thread and a caller: a job in, a stream of events out.

It knows nothing of llama.cpp.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from models.engine.sampling import Sampling

PATIENCE_S = 0.3  # between two reports of a place in the queue
BACKLOG = 64  # pieces of text a slow reader may leave unread before the engine waits


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


@dataclass(frozen=True)
class Likelihood:
    """The end of a scoring: the text's log-probability in nats, its tokens, and what it took."""

    total: float
    tokens: int
    prompt_tokens: int
    reused_tokens: int


Event = Waiting | Prefill | Text | Finish | Likelihood


@dataclass(eq=False)
class Job:
    tokens: list[int]
    sampling: Sampling | None = None
    scored: int = 0  # without sampling: how many tokens at the end are to be scored
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
        raise Cancelled

    def fail(self, error: BaseException) -> None:
        """End with an error, which the reader meets after what is already handed over."""
        self.error = error
        with suppress(queue.Full):
            self.events.put_nowait(error)


class Cancelled(Exception):
    """The caller closed its iterator."""


class Stream(Iterator[Event]):
    """The events of one answer. Closing it, or dropping it, stops the work."""

    def __init__(self, job: Job, ahead: Callable[[], int]) -> None:
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
