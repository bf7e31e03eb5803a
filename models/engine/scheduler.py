"""Who gets what of each decode: continuous batching over the running tasks.

Each turn takes the next tokens of every running answer, then fills up with prefill in equal
shares, and hands out the results. A task that has to wait for room is taken out of the cache and
brought back as it was. It does not know threads: models.engine.engine calls it from one.
"""

import logging
from collections.abc import Callable, Sequence

from models.engine.beginning import Beginning
from models.engine.context import Context, Row
from models.engine.request import LOGITS, NOTHING, Result, log_probability
from models.engine.sequences import RestoreFailed, Sequences
from models.engine.steps import steps
from models.engine.stream import Job
from models.engine.task import Task
from models.errors import ModelError

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())

RUNNING = 16  # tasks at once
PIECE = 128  # prompt tokens in a decode that running answers wait for
OUTPUTS = 128  # rows of a decode whose logits are wanted: each takes memory for the vocabulary
GROWTH = 64  # cells that an answer is given before others are asked to make room
SPARE = 4  # sequences kept free for saving and restoring


class Scheduler:
    """The tasks of one context. `turn` is one decode."""

    def __init__(self, context: Context, numbers: int) -> None:
        self._context = context
        self._numbers = numbers
        self.sequences = Sequences(context, numbers, shares=not context.model.is_recurrent)
        self._running: list[Task] = []
        self._in_decode: list[Task] = []
        self._adapter = ""
        self._beginnings: dict[str, bytes] = {}  # adapter -> the KV of its learnt beginning

    # ---- asked by other threads

    def ahead(self, job: Job, waiting: Sequence[Job]) -> int:
        """How many jobs come before this one; 0 once it runs, unless it was put aside."""
        if job in waiting:
            return len(self._running) + list(waiting).index(job)
        suspended = any(task.job is job and task.suspended for task in list(self._running))
        return len(self._running) - 1 if suspended else 0

    def abort_if_unwanted(self) -> None:
        """Stop the running decode if nobody waits for it any more."""
        in_decode = self._in_decode
        if in_decode and all(task.job.cancelled.is_set() for task in in_decode):
            self._context.abort()

    # ---- one turn

    def has_work(self, waiting: Sequence[Job]) -> bool:
        """Whether a turn would do anything."""
        if any(job.cancelled.is_set() for job in waiting):
            return True
        ready = any(t.job.cancelled.is_set() or not _waits(t) for t in self._running)
        return ready or bool(waiting)

    def admit(self, waiting: list[Job]) -> None:
        """Drop what was cancelled, bring back and begin what there is room for, oldest first."""
        for task in [t for t in self._running if t.job.cancelled.is_set()]:
            self._end(task)
        waiting[:] = [job for job in waiting if not job.cancelled.is_set()]
        for task in list(self._running):
            ready = task.suspended and not task.job.backlogged
            if ready and self._make_way(task.cells, task.job, besides=task):
                self._guarded(task, task.resume)
        while waiting and self._has_place() and self._make_way(_need(waiting[0]), waiting[0]):
            self._begin(waiting.pop(0))

    def turn(self) -> None:
        """One decode for the running tasks, and what comes of it."""
        chosen = self._chosen()
        while chosen and not self.sequences.room(sum(count for _, count in chosen)):
            victim = self._youngest(besides=chosen[0][0])
            if victim is None:
                self._fail(chosen[0][0], ModelError("the context is full. Set KVASIR_CONTEXT."))
            else:
                victim.suspend()
            chosen = self._chosen()
        if not chosen:
            return
        self._in_decode = [task for task, _ in chosen]
        try:
            done = self._decode(chosen)
        except ModelError as error:
            self._lost(error)
            return
        finally:
            self._in_decode = []
        if done:
            for task, count in chosen:
                self._progress(task, count)
            self._running = self._running[1:] + self._running[:1]

    def close(self) -> None:
        """Fail what runs, and have the conversations saved."""
        for task in list(self._running):
            self._fail(task, _closed())
        self.sequences.evict_all()

    def abandon(self) -> None:
        """Fail what still runs and touch nothing else: after an error that nobody foresaw."""
        for task in self._running:
            task.job.fail(_closed())

    # ---- admission

    def _has_place(self) -> bool:
        # Who waits for room outside comes first, whoever does not read counts for nothing.
        ready = [task for task in self._running if not task.job.backlogged]
        return len(ready) < RUNNING and not any(task.suspended for task in ready)

    def _make_way(self, need: int, job: Job, besides: Task | None = None) -> bool:
        """Whether there is room for a job, after tasks whose readers are behind were put aside."""
        while True:
            others = [t for t in self._running if not t.suspended and t is not besides]
            cells = need + sum(max(_need(task.job), task.cells) for task in others)
            numbers = _numbers(job) + sum(_numbers(task.job) for task in others)
            if not others or (cells <= self._context.size and numbers <= self._numbers - SPARE):
                return True
            victim = self._idle_reader()
            if victim is None:
                return False
            victim.suspend()

    def _idle_reader(self) -> Task | None:
        """A task whose reader has enough unread: it can wait outside."""
        idle = (t for t in self._running if t.job.backlogged and not t.suspended and t.can_wait)
        return next(idle, None)

    def _youngest(self, besides: Task) -> Task | None:
        others = [t for t in self._running if not t.suspended and t is not besides and t.can_wait]
        return max(others, key=lambda task: task.started, default=None)

    def _begin(self, job: Job) -> None:
        task = Task(job, self.sequences, self._make_room)
        self._running.append(task)
        model, size = self._context.model, self._context.size
        widest = min(self._context.batch_size, OUTPUTS)

        def start() -> None:
            task.beginning = self._beginning(task)
            task.start(lambda t: steps(t, model, size, widest))

        self._guarded(task, start)

    def _beginning(self, task: Task) -> bytes:
        """The KV of the learnt beginning of the task's adapter, b"" if it has none."""
        adapter = task.job.adapter
        learnt = self._context.model.beginning_named(adapter)
        if learnt and adapter not in self._beginnings:
            self._make_room(task, learnt.tokens)
            self._beginnings[adapter] = self._laid_out(learnt)
        return self._beginnings.get(adapter, b"")

    def _laid_out(self, learnt: Beginning) -> bytes:
        """Its keys and values as a saved state; one of as many tokens shows the form."""
        sequence = self.sequences.fresh("")
        number = sequence.number or 0
        rows: list[Row] = [(0, place, number, False) for place in range(learnt.tokens)]
        width = self._context.batch_size
        try:
            for start in range(0, len(rows), width):
                while not self._context.decode(rows[start : start + width]):
                    pass  # it was aborted for another's sake
            return learnt.laid_into(self._context.save(number), self._context.kv_type)
        finally:
            self.sequences.drop(sequence)

    def _make_room(self, task: Task, count: int) -> None:
        while not self.sequences.room(count):
            victim = self._youngest(besides=task)
            if victim is None:
                raise ModelError(f"the context has no room for {count} more tokens")
            victim.suspend()

    # ---- decoding

    def _chosen(self) -> list[tuple[Task, int]]:
        """The tasks of the next decode with how many rows each gets, in their order."""
        ready = [
            task
            for task in self._running
            if task.request and not task.suspended and not _waits(task)
        ]
        ready = [task for task in ready if task.job.adapter == ready[0].job.adapter]
        free, outputs = self._context.batch_size, OUTPUTS
        chosen: list[tuple[Task, int]] = []
        for task in ready:
            request = task.request
            if request and request.urgent:
                share = _rows(task, free, outputs)
                if share < request.left and chosen:
                    continue
                chosen.append((task, share))
                free -= share
                outputs -= share
        if chosen:
            free = min(free, PIECE)
        filling = [task for task in ready if task.request and not task.request.urgent]
        for place, task in enumerate(filling):
            share = _rows(task, free // (len(filling) - place), outputs)
            if share and task.request:
                chosen.append((task, share))
                free -= share
                outputs -= sum(row.want != NOTHING for row in task.request.next(share))
        return chosen

    def _decode(self, chosen: list[tuple[Task, int]]) -> bool:
        """Decode the chosen rows and store their results; False if it was aborted."""
        adapter = chosen[0][0].job.adapter
        if adapter != self._adapter:
            self._context.use_adapter(self._context.model.adapter_named(adapter))
            self._adapter = adapter
        wanted = [
            (task, row)
            for task, count in chosen
            if task.request
            for row in task.request.next(count)
        ]
        rows: list[Row] = []
        ends: dict[int, int] = {}
        for _, row in wanted:
            number = row.sequence.number
            if number is None:
                raise ModelError("a sequence that is to be decoded is not in the cache")
            position = ends.get(number, len(row.sequence))
            ends[number] = position + 1
            rows.append((row.token, position, number, row.want != NOTHING))
        if not self._context.decode(rows):
            return False
        for index, (task, row) in enumerate(wanted):
            self.sequences.extend(row.sequence, [row.token])
            if task.request:
                task.request.results.append(self._result(index, row.want))
        return True

    def _result(self, index: int, want: int) -> Result:
        if want == NOTHING:
            return None
        logits = self._context.logits(index)
        return logits.copy() if want == LOGITS else log_probability(logits, want)

    def _progress(self, task: Task, count: int) -> None:
        request = task.request
        if request is None or task not in self._running:
            return
        if not request.urgent:
            task.note(count)
        if not task.suspended:  # since the decode, to make room for one that came before it
            self._guarded(task, task.go_on)

    # ---- ends

    def _guarded(self, task: Task, step: Callable[[], object]) -> None:
        """Do a step of a task; what goes wrong in it is raised in its reader's thread."""
        try:
            step()
        except RestoreFailed as error:
            self._lost(error)
        except Exception as error:  # noqa: BLE001 - raised again in the reader's thread
            self._fail(task, error)
        else:
            if task.request is None:
                self._end(task)

    def _end(self, task: Task) -> None:
        task.end()
        self._running.remove(task)

    def _fail(self, task: Task, error: BaseException) -> None:
        task.job.fail(error)
        if task in self._running:
            self._end(task)

    def _lost(self, error: ModelError) -> None:
        """The KV cache cannot be trusted any more: all that runs fails, and it is emptied."""
        log.error("the KV cache is emptied: %s", error)
        self.sequences.clear()
        self._adapter = ""
        for task in list(self._running):
            self._fail(task, ModelError(f"{error}. Ask again."))


def _closed() -> ModelError:
    return ModelError("the engine was closed before the answer ended")


def _waits(task: Task) -> bool:
    """Whether it waits for its reader."""
    return task.job.backlogged and (task.suspended or task.can_wait)


def _need(job: Job) -> int:
    """Cells that a job takes, with some growth of its answer."""
    prompt = job.prompt
    passage = max((len(passage) for passage in prompt.passages), default=0)
    if job.warm:
        return len(prompt.prefix) + passage
    growth = min(job.sampling.max_tokens, GROWTH) if job.sampling else 0
    return job.cells + growth + (passage if job.reading.reuse == "spliced" else 0)


def _numbers(job: Job) -> int:
    """Sequences that a job takes: its passages', the prefix's, one without a passage."""
    return len(job.prompt.passages) + 2


def _rows(task: Task, most: int, outputs: int) -> int:
    """How many of the task's next rows can be taken."""
    if task.request is None:
        return 0
    count = 0
    for row in task.request.next(most):
        outputs -= row.want != NOTHING
        if outputs < 0:
            break
        count += 1
    return count
