"""A scheduler over the fake context, played turn by turn, its readers as slow as a test wants."""

import queue
from collections.abc import Sequence
from pathlib import Path

from fake_context import FakeContext

from models.engine.blobs import BlobStore
from models.engine.prompt import Prompt, Reading
from models.engine.sampling import Sampling
from models.engine.scheduler import Scheduler
from models.engine.stream import Event, Finish, Job, Text

EIGHT, PLAIN = Sampling(max_tokens=8), Reading()
NOWHERE = Path("nowhere")  # a store with a budget of 0 leaves the disk alone


def words(count: int, first: int = 1) -> tuple[int, ...]:
    """Tokens that differ from those of another `first`, from the beginning on."""
    return (first, *(1 + (first * 7 + place * place) % 38 for place in range(count - 1)))


def plain(most: int) -> Sampling:
    """One token for each decode."""
    return Sampling(max_tokens=most, lookup=False)


class Played:
    """One scheduler and what its readers have read so far."""

    def __init__(
        self, size: int = 300, batch: int = 64, numbers: int = 64, memory: int = 2**20
    ) -> None:
        self.context = FakeContext(size, batch, numbers)
        self.scheduler = Scheduler(self.context, numbers)
        self.store = BlobStore(NOWHERE, 0, memory)
        self.waiting: list[Job] = []
        self.read: dict[Job, list[Event]] = {}

    def ask(
        self,
        prompt: Prompt | Sequence[int],
        sampling: Sampling | None = EIGHT,
        reading: Reading = PLAIN,
        adapter: str = "",
        forced: Sequence[int] = (),
        *,
        warm: bool = False,
    ) -> Job:
        if not isinstance(prompt, Prompt):
            prompt = Prompt(tuple(prompt))
        job = Job(
            prompt, reading, self.store, sampling, warm, adapter, adapter.encode(), tuple(forced)
        )
        self.waiting.append(job)
        self.read[job] = []
        return job

    def turn(self) -> bool:
        """What the engine's thread does in a round; False if it would sleep.

        A round in which nothing changes would be repeated without end.
        """
        if not self.scheduler.has_work(self.waiting):
            return False
        before = self._state()
        self.scheduler.admit(self.waiting)
        self.scheduler.turn()
        assert self._state() != before, "the thread goes round and round"
        return True

    def take(self, job: Job, most: int = 10**6) -> list[Event]:
        """Read what is there, `most` events at most. Raises what the job failed with."""
        for _ in range(most):
            try:
                event = job.events.get_nowait()
            except queue.Empty:
                break
            if isinstance(event, BaseException):
                raise event
            self.read[job].append(event)
        return self.read[job]

    def finish(self, *jobs: Job, turns: int = 20_000) -> None:
        """Go on until these (all if none is named) are done, everything being read."""
        for _ in range(turns):
            for job in self.read:
                if not jobs or job in jobs:
                    self.take(job)
            if jobs and all(self.ended(job) for job in jobs):
                return
            if not self.turn():
                break
        assert all(self.ended(job) for job in jobs or self.read)

    def answer(self, *arguments: object, **named: object) -> tuple[str, Finish]:
        """Ask and read to the end: the text and the account of it."""
        job = self.ask(*arguments, **named)  # type: ignore[arg-type]
        self.finish(job)
        last = self.read[job][-1]
        assert isinstance(last, Finish)
        return self.text(job), last

    def ended(self, job: Job) -> bool:
        """Whether nothing more will come."""
        gone = job.cancelled.is_set() or job.failed
        return gone or any(not _goes_on(event) for event in self.read[job])

    def texts(self, job: Job) -> int:
        """Read what is there; how many pieces of text there were by now."""
        return sum(isinstance(event, Text) for event in self.take(job))

    def text(self, job: Job) -> str:
        return "".join(event.text for event in self.read[job] if isinstance(event, Text))

    def check_nothing_is_left(self) -> None:
        """All is let go, every cell and number can be had, and a prompt of the full size runs."""
        while self.turn():
            pass
        sequences = self.scheduler.sequences
        assert not any(sequence.busy for sequence in sequences.resident)
        sequences.evict_all()
        assert sequences.used == len(self.context.cells) == 0
        every = [sequences.fresh("") for _ in range(self.context.numbers)]
        assert {sequence.number for sequence in every} == set(range(self.context.numbers))
        for sequence in every:
            sequences.release(sequence)
        _, finish = self.answer([1] * (self.context.size - 1), Sampling(max_tokens=5))
        assert finish.prompt_tokens == self.context.size - 1

    def _state(self) -> tuple[object, ...]:
        running = [
            (id(task), task.suspended, task.request and task.request.left)
            for task in self.scheduler._running
        ]
        events = sum(job.events.qsize() for job in self.read)
        return running, events, len(self.waiting), self.context.attempts


def _goes_on(event: Event) -> bool:
    return not isinstance(event, Finish) and type(event).__name__ not in ("Likelihood", "Warmed")
