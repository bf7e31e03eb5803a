"""A job at work: the sequences it holds and what it wants computed next.

What a job does is written as a generator of requests (models.engine.reading, writing); this is
what those steps stand on. It does not know what other tasks do.
"""

import time
from collections.abc import Callable, Generator

from models.engine.blobs import Span, span
from models.engine.request import Request
from models.engine.sequences import MOVED, KVSequence, RestoreFailed, Sequences, Swapped
from models.engine.stream import Event, Job, Prefill

Steps = Generator[Request, None, None]

KEPT_CONVERSATION = 64  # tokens from which a conversation is saved when it has to go


class Task:
    """One job's state. Only the engine's thread touches it.

    `beginning` is the KV of an adapter's learnt beginning, whose stand-ins the prompt begins with.
    """

    def __init__(
        self,
        job: Job,
        sequences: Sequences,
        make_room: Callable[["Task", int], None],
    ) -> None:
        self.job = job
        self.sequences = sequences
        self.identity = job.identity
        self._make_room = make_room
        self.beginning = b""
        self.request: Request | None = None
        self.held: list[KVSequence] = []
        self.started = time.perf_counter()
        self.total = self.reused = self.computed = 0  # tokens of the prompt
        self.restore_s = 0.0
        self._steps: Steps | None = None
        self._swapped: list[Swapped] | None = None

    def start(self, steps: Callable[["Task"], Steps]) -> bool:
        """Begin; False if there is nothing to compute."""
        self._steps = steps(self)
        return self.advance()

    def advance(self) -> bool:
        """Go on with what the last request gave; False at the end."""
        if self._steps is None:
            return False
        self.request = next(self._steps, None)
        return self.request is not None

    def go_on(self) -> None:
        """Advance if the last request is filled."""
        if self.request is not None and not self.request.left:
            self.advance()

    def end(self) -> None:
        """Stop wherever it is and let go of every sequence."""
        if self._steps is not None:
            self._steps.close()
            self._steps = None
        for sequence in list(self.held):
            self.let_go(sequence)
        self.request = None
        self._swapped = None

    def put(self, event: Event) -> None:
        """Hand an event to the reader."""
        self.job.events.put(event)

    # ---- progress

    def took(self, count: int) -> None:
        """Count prompt tokens that did not have to be computed."""
        self.reused += count

    def note(self, count: int) -> None:
        """Count computed prompt tokens and report them."""
        self.computed += count
        self.report()

    def report(self) -> None:
        """Tell the reader how much of the prompt is in place."""
        done = min(self.reused + self.computed, self.total)
        self.put(Prefill(done, self.total, self.reused))

    # ---- sequences

    def claim(self, keys: list[int], most: int) -> KVSequence:
        """A sequence of this task's own, holding what is resident of `keys[:most]`."""
        most = 0 if self.job.reading.reuse == "off" else most
        return self._hold(self.sequences.claim(keys, self.job.adapter, most))

    def fresh(self) -> KVSequence:
        """An empty sequence of this task's own."""
        return self._hold(self.sequences.fresh(self.job.adapter))

    def stored(self, name: Span) -> bytes | None:
        """A blob of the store, None if it has none that is of use."""
        if self.job.reading.reuse == "off" or name in self.sequences.refused:
            return None
        return self.job.store.read(name)

    def store(self, name: Span, blob: bytes) -> None:
        """Have the store keep a blob, in place of one that was refused."""
        self.sequences.refused.discard(name)
        self.job.store.write(name, blob)

    def restore(self, sequence: KVSequence, blob: bytes, keys: list[int], name: Span) -> None:
        """Append a blob. Raises RestoreFailed, and then it is not `stored` any more."""
        began = time.perf_counter()
        self._make_room(self, len(keys))
        try:
            self.sequences.restore(sequence, blob, keys, name.start)
        except RestoreFailed:
            self.sequences.refused.add(name)
            raise
        self.restore_s += time.perf_counter() - began

    def begin(self, sequence: KVSequence, tokens: list[int]) -> None:
        """Put the learnt beginning into a sequence for these tokens, if it lacks it."""
        length = sum(token < 0 for token in tokens) if self.beginning else 0
        if len(sequence) >= length:
            return
        self.took(length - len(sequence))
        self.sequences.cut(sequence, 0)
        self._make_room(self, length)
        self.sequences.restore(sequence, self.beginning, tokens[:length], 0)

    def let_go(self, sequence: KVSequence, *, keep: int | None = None) -> None:
        """Give back a sequence; its first `keep` tokens stay (all if None) until room is needed."""
        self.held.remove(sequence)
        if sequence.number is None:
            return
        if keep is not None:
            self.sequences.cut(sequence, keep)
        self.sequences.release(sequence)

    def save_when_evicted(self, sequence: KVSequence) -> None:
        """Have a conversation's KV go to the store when its room is needed."""
        if min(sequence.keys, default=MOVED) <= MOVED or len(sequence) < KEPT_CONVERSATION:
            return  # nobody could find it again
        if self.job.reading.reuse == "off":
            return

        def save(evicted: KVSequence, blob: bytes) -> None:
            if blob:
                self.store(span(self.identity, evicted.keys, 0, len(evicted)), blob)

        sequence.on_evict = save

    def _hold(self, sequence: KVSequence) -> KVSequence:
        sequence.on_evict = None
        self.held.append(sequence)
        return sequence

    # ---- out of the way and back

    @property
    def suspended(self) -> bool:
        """Whether its sequences are out of the cache."""
        return self._swapped is not None

    @property
    def cells(self) -> int:
        """Cells that its sequences take, or would take."""
        if self._swapped is not None:
            return sum(len(out.sequence) - out.shared for out in self._swapped)
        return len({cell for sequence in self.held for cell in sequence.cells})

    @property
    def can_wait(self) -> bool:
        """Whether it holds something that can be taken out of the cache now."""
        return bool(self.held) and all(map(self.sequences.settled, self.held))

    def suspend(self) -> None:
        """Take its sequences out of the cache, to make room for others."""
        self._swapped = self.sequences.swap_out(self.held)

    def resume(self) -> None:
        """Bring them back and go on. Raises RestoreFailed."""
        self._make_room(self, self.cells)
        self.sequences.swap_in(self._swapped or ())
        self._swapped = None
        self.go_on()  # the last request may have been filled just before it was put aside
