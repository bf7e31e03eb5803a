"""What passes between the engine's thread and a caller: a job in, a stream of events out.

It knows nothing of llama.cpp.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from models.engine.blobs import BlobStore
from models.engine.prompt import Prompt, Reading
from models.engine.sampling import Sampling

PATIENCE_S = 0.3  # between two reports of a place in the queue
BACKLOG = 64  # events a slow reader may leave unread before its answer waits for it


@dataclass(frozen=True)
class Waiting:
    """The answer has not begun: `ahead` others come first. Repeated while that is so."""

    ahead: int


@dataclass(frozen=True)
class Prefill:
    """`done` of `total` prompt tokens are in place, the first `reused` of them taken over."""

    done: int
    total: int
    reused: int


@dataclass(frozen=True)
class Text:
    """The next piece of the answer, from one or more tokens.

    `posterior` is each passage's part in them, in the passages' order, summing to 1; () where
    passages were not read side by side.
    """

    text: str
    posterior: tuple[float, ...] = ()


@dataclass(frozen=True)
class Finish:
    """The end: "stop", "length" (max_tokens or the context's end), and what it took.

    `log_likelihoods` are log P(question | passage) in nats and `weights` what came of them, both
    in the passages' order, () without a fused reading. `log_probability` is the answer's own, in
    nats, None where it was not asked for. `drafted` and `accepted` are prompt lookup's tokens.
    """

    reason: str
    prompt_tokens: int
    reused_tokens: int
    completion_tokens: int
    first_token_s: float
    total_s: float
    restore_s: float = 0.0
    weights: tuple[float, ...] = ()
    log_likelihoods: tuple[float, ...] = ()
    log_probability: float | None = None
    drafted: int = 0
    accepted: int = 0


@dataclass(frozen=True)
class Likelihood:
    """The end of a scoring: log P(text | passage) in nats for each passage (or the one prefix),
    how many tokens the text has, and what it took.
    """

    totals: tuple[float, ...]
    tokens: int
    prompt_tokens: int
    reused_tokens: int

    @property
    def total(self) -> float:
        """The first one's."""
        return self.totals[0]


@dataclass(frozen=True)
class Warmed:
    """The end of a warming: how many of the passages were computed, the rest being there."""

    computed: int
    reused: int


Event = Waiting | Prefill | Text | Finish | Likelihood | Warmed


@dataclass(eq=False)
class Job:
    """What a caller asks for. Without `sampling` the question is scored, or the passages warmed."""

    prompt: Prompt
    reading: Reading
    store: BlobStore
    sampling: Sampling | None = None
    warm: bool = False
    adapter: str = ""
    identity: bytes = b""  # of the model with this adapter: what its blobs are named by
    forced: tuple[int, ...] = ()  # an answer to be scored instead of one to be found
    events: "queue.SimpleQueue[Event | BaseException]" = field(default_factory=queue.SimpleQueue)
    cancelled: threading.Event = field(default_factory=threading.Event)
    failed: bool = False

    @property
    def fused(self) -> bool:
        """Whether the passages are read side by side: with one there is nothing to mix."""
        return self.reading.passages == "fused" and len(self.prompt.passages) > 1

    @property
    def cells(self) -> int:
        """Cells of the KV cache that reading the prompt, and an answer that is given, takes."""
        if not self.fused and self.sampling:
            return len(self.prompt.tokens) + len(self.forced)
        bare = 1 if self.sampling and self.reading.contrast > 0 else 0
        streams = len(self.prompt.passages) + bare
        return self.prompt.fused_cells + bare * len(self.prompt.suffix) + streams * len(self.forced)

    @property
    def backlogged(self) -> bool:
        """Whether the reader has so much unread that the answer had better wait."""
        return self.events.qsize() >= BACKLOG

    def fail(self, error: BaseException) -> None:
        """End with an error, which the reader meets after what is already handed over."""
        self.failed = True
        self.events.put(error)


class Stream(Iterator[Event]):
    """The events of one answer. Closing it, or dropping it, stops the work."""

    def __init__(self, job: Job, ahead: Callable[[], int], wake: Callable[[], None]) -> None:
        self._job = job
        self._ahead = ahead
        self._wake = wake
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
            if self._job.events.qsize() == BACKLOG - 1:  # the answer waited for this
                self._wake()
        self._ended = not isinstance(event, Prefill | Text | Waiting)
        if isinstance(event, BaseException):
            raise event
        return event

    def close(self) -> None:
        """Stop the work within one decode call. Twice is fine."""
        if not self._ended or not self._job.cancelled.is_set():
            self._ended = True
            self._job.cancelled.set()
            self._wake()

    def __del__(self) -> None:
        self.close()
