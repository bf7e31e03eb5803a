"""The engine: one thread owns the context; callers queue up and each gets a stream back.

Every turn of the thread is one decode: the next token of each running answer first, then prefill
in equal shares. It knows nothing of messages or documents.
"""

import atexit
import threading
import weakref
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from models.engine.blobs import BlobStore
from models.engine.context import SEQUENCES, Context, Placement
from models.engine.identity import adapted, identity
from models.engine.model import Model
from models.engine.prompt import Prompt, Reading
from models.engine.rounding import rows_alike
from models.engine.sampling import Sampling
from models.engine.scheduler import Scheduler
from models.engine.stream import Job, Stream
from models.errors import ModelError

MEMORY = 256 * 2**20  # bytes of blobs kept in memory where no store is given


class PromptTooLong(ModelError):
    """A prompt does not fit into the context together with one token of answer."""


class Engine:
    """A model that serves any number of callers at once.

    Loading happens in the constructor and raises ModelError. Close it, or let the process end.
    """

    def __init__(self, path: Path, placement: Placement | None = None) -> None:
        self.path = path
        self.placement = placement or Placement()
        self._context = Context(path, self.placement)
        self.identity = identity(path, self.placement)
        self._store = BlobStore(path.parent, 0, MEMORY)
        self._scheduler = Scheduler(self._context, SEQUENCES)
        self._identities = {"": self.identity}
        self._words = self.model.vocabulary_size
        self._arrived: list[Job] = []  # which the thread has not seen yet
        self._waiting: list[Job] = []  # the thread's: others only read it
        self._changed = threading.Condition()
        self._closed = False
        self.drafts_are_exact = False  # until the thread has looked
        self._thread = threading.Thread(target=self._run, name="kvasir-engine", daemon=True)
        self._thread.start()
        # At exit the thread must be out of llama.cpp before the interpreter is torn down.
        atexit.register(_close_if_alive, weakref.ref(self))

    @property
    def context_size(self) -> int:
        """Tokens of all prompts and answers together, at most."""
        return self._context.size

    @property
    def model(self) -> Model:
        """The model for its text and token methods, which any thread may call."""
        return self._context.model

    def generate(
        self,
        prompt: Prompt | Sequence[int],
        sampling: Sampling,
        reading: Reading | None = None,
        *,
        store: BlobStore | None = None,
        adapter: Path | None = None,
        forced: Sequence[int] = (),
    ) -> Stream:
        """Answer a prompt. Closing the iterator stops the work within one decode call.

        With `forced` the answer is given, and its log-probability is what is found out. Raises
        PromptTooLong at once, ModelError for an unusable adapter or grammar, or from the iterator
        if decoding fails.
        """
        if not isinstance(prompt, Prompt):
            prompt = Prompt(tuple(prompt))
        if not prompt.tokens:
            raise ModelError("an empty prompt cannot be answered")
        reading = reading or Reading()
        job = Job(prompt, reading, store or self._store, sampling, forced=tuple(forced))
        self._check(prompt, job.cells)
        if job.fused:
            _check_question(prompt)
        return self._submit(job, adapter)

    def likelihood(
        self,
        prompt: Prompt,
        reading: Reading | None = None,
        *,
        store: BlobStore | None = None,
        adapter: Path | None = None,
    ) -> Stream:
        """Score the question: the stream ends with its Likelihood behind every passage.

        Raises PromptTooLong at once, ModelError if there is no question or nothing before it.
        """
        if prompt.question[0] >= prompt.question[1]:
            raise ModelError("a likelihood needs tokens of the text and before it")
        _check_question(prompt)
        job = Job(prompt, reading or Reading(), store or self._store)
        self._check(prompt, job.cells)
        return self._submit(job, adapter)

    def warm(self, prompt: Prompt, *, store: BlobStore, adapter: Path | None = None) -> Stream:
        """Compute the passages' KV ahead of any question; the stream ends with Warmed."""
        longest = max((len(passage) for passage in prompt.passages), default=0)
        self._check(prompt, len(prompt.prefix) + longest)
        return self._submit(Job(prompt, Reading(), store, warm=True), adapter)

    def _check(self, prompt: Prompt, cells: int) -> None:
        if not 0 <= min(prompt.tokens, default=0) <= max(prompt.tokens, default=0) < self._words:
            raise ModelError(f"a prompt's tokens go from 0 to {self._words - 1}")
        self._check_room(cells)

    def _check_room(self, cells: int) -> None:
        if cells >= self.context_size:
            raise PromptTooLong(
                f"the prompt has {cells} tokens, the context holds {self.context_size}. "
                "Ask something shorter, or set KVASIR_CONTEXT to more."
            )

    def _submit(self, job: Job, adapter: Path | None) -> Stream:
        if adapter:
            self._load_adapter(adapter)
            job.adapter = str(adapter)
            if beginning := self.model.beginning_named(job.adapter):
                job.prompt = job.prompt.behind(beginning.stand_ins())
                self._check_room(job.cells)
        job.identity = self._identities[job.adapter]
        if self.model.is_recurrent:  # its memory has no parts to be taken over or back
            job.reading = replace(job.reading, reuse="off", refusal=())
            job.sampling = job.sampling and replace(job.sampling, lookup=False)
        with self._changed:
            if self._closed:
                raise ModelError("the engine is closed")
            self._arrived.append(job)
            self._changed.notify_all()
        reference = weakref.ref(self)
        return Stream(job, lambda: self._ahead(job), lambda: _wake(reference))

    def _load_adapter(self, path: Path) -> None:
        """Load it once, and know it by what the file was then, whatever becomes of the file."""
        if str(path) not in self._identities:
            self.model.load_adapter(path)
            try:
                self._identities[str(path)] = adapted(self.identity, str(path))
            except OSError as error:
                raise ModelError(f"{path} cannot be read: {error.strerror}") from error

    def _ahead(self, job: Job) -> int:
        with self._changed:
            waiting = [*self._waiting, *self._arrived]
        return self._scheduler.ahead(job, waiting)

    def wake(self) -> None:
        """Have the thread look again at what was cancelled or read."""
        self._scheduler.abort_if_unwanted()
        with self._changed:
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether it has ended, and answers no more."""
        return self._closed

    def close(self) -> None:
        """End the running answers and the thread, save the conversations, free the model.

        Twice is fine.
        """
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
        self._context.abort()
        self._thread.join()
        self._store.close()
        self._context.close()

    # ---- the owning thread

    def _run(self) -> None:
        try:
            self.drafts_are_exact = rows_alike(self._context)
            self._serve()
            self._scheduler.close()
        finally:  # whatever became of it, nobody waits for what will not come
            with self._changed:
                self._closed = True
            self._scheduler.abandon()
            for job in [*self._waiting, *self._arrived]:
                job.fail(ModelError("the engine was closed before the answer began"))

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(self._is_wanted)
                if self._closed:
                    return
                self._waiting += map(self._settled, self._arrived)
                self._arrived.clear()
            # Without the lock: this may read and save megabytes, and takes the stores' locks.
            self._scheduler.admit(self._waiting)
            self._scheduler.turn()

    def _settled(self, job: Job) -> Job:
        """The job, told whether drafts are exact here, if it wants no others."""
        if job.sampling and job.sampling.lookup == "exact":
            job.sampling = replace(job.sampling, lookup=self.drafts_are_exact)
        return job

    def _is_wanted(self) -> bool:
        waiting = [*self._waiting, *self._arrived]
        return self._closed or self._scheduler.has_work(waiting)


def _check_question(prompt: Prompt) -> None:
    """Raises ModelError if the question's first token has nothing before it, or is not there."""
    start, end = prompt.question
    before = len(prompt.prefix) + min((len(p) for p in prompt.passages), default=0) + start
    if not 0 <= start <= end <= len(prompt.suffix) or (start < end and not before):
        raise ModelError("a likelihood needs tokens of the text and before it")


def _wake(reference: "weakref.ref[Engine]") -> None:
    if engine := reference():
        engine.wake()


def _close_if_alive(reference: "weakref.ref[Engine]") -> None:
    if engine := reference():
        engine.close()
