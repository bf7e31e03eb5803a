"""The store of KV blobs: what was computed once is read back, from memory or from the disk.

It does not know what is in a blob. Nothing that happens to the disk reaches the engine: a blob
that cannot be kept is computed again. Files are written by a thread of their own.
"""

import atexit
import logging
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from models.engine.blob_file import Seal, Span, span, spans
from models.engine.blob_folder import TOUCH_S, BlobFolder
from models.engine.blob_memory import BlobMemory
from models.engine.blob_secret import blob_secret
from models.settings import get_settings

__all__ = ["BlobStore", "Span", "span"]

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())  # else Python prints warnings

QUEUE = 128 * 2**20  # bytes that wait for the disk, at most; a single blob may be larger
RETRY_S = 30  # after trouble the disk is left alone for so long
EXIT_S = 2  # the end of a process waits so long for the disk


class BlobStore:
    """Blobs in memory (`memory` bytes) and in a folder (`budget` bytes), least recently used out.

    A budget of 0 leaves the disk alone. Without a `secret`, the user's own in the cache folder is
    taken, and made if there is none. Any number of threads and processes may share a folder.
    """

    def __init__(
        self, folder: Path, budget: int, memory: int = 256 * 2**20, secret: bytes | None = None
    ) -> None:
        self.folder = folder
        self._changed = threading.Condition()  # for all of the following
        self._memory = BlobMemory(memory)
        self._pending: OrderedDict[Span, bytes] = OrderedDict()  # not yet on the disk
        self._writer: threading.Thread | None = None  # only while there is something to write
        self._rests_until = 0.0
        self._closed = False
        self._warned: set[object] = set()
        self._disk = self._open(budget, secret) if budget > 0 else None
        atexit.register(_close_if_alive, weakref.ref(self))

    def _open(self, budget: int, secret: bytes | None) -> BlobFolder | None:
        if secret is None:
            path = get_settings().cache / "blob-secret"
            try:
                secret = blob_secret(path)
            except OSError as error:
                self._warn("secret", f"{path} cannot be used: {error.strerror}")
                return None
        return BlobFolder(self.folder, budget, Seal(secret))

    def longest(self, identity: bytes, tokens: Sequence[int], start: int) -> Span | None:
        """The longest blob with this start that is a prefix of the tokens, if there is any.

        Another process may remove it before it is read.
        """
        with self._changed:
            held = {span for span in (*self._memory, *self._pending) if span.start == start}
        names, ends = self._disk.index(start) if self._disk else (frozenset(), ())
        fitting = {end for end in (*ends, *(span.end for span in held)) if end <= len(tokens)}
        found = None
        for candidate in spans(identity, tokens, start, sorted(fitting)):
            if candidate in held or (self._disk and self._disk.name(candidate) in names):
                found = candidate
        return found

    def __contains__(self, span: Span) -> bool:
        with self._changed:
            if span in self._memory or span in self._pending:
                return True
        return self._disk is not None and span in self._disk

    def read(self, span: Span) -> bytes | None:
        """The blob, now the most recently used; None if there is none that can be trusted."""
        with self._changed:
            data = self._memory.get(span)
            if data is None:
                data = self._pending.get(span)
            touch = self._memory.due(span, TOUCH_S)
        if not self._disk:
            return data
        if data is not None:
            if touch:
                self._disk.touch(span)
            return data
        try:
            data = self._disk.read(span)
        except OSError as error:
            self._warn(error.errno, f"{self.folder} cannot be read: {error.strerror}")
        if data is not None:
            with self._changed:
                # A write since then is newer.
                if span not in self._memory and span not in self._pending:
                    self._memory.put(span, data)
        return data

    def write(self, span: Span, data: bytes | memoryview) -> bool:
        """Keep a blob, in memory at once and on the disk soon; the caller does not wait for it.

        False if it is known now that the disk will not have it: it is larger than the budget, too
        much waits already, there was trouble moments ago, or the store is closed. Without a disk,
        False if memory does not hold it. A `bytes` object is kept as it is, all else is copied.
        """
        data = data if isinstance(data, bytes) else bytes(data)
        with self._changed:
            held = self._memory.put(span, data)
            if not self._disk:
                return held
            if self._closed or time.monotonic() < self._rests_until:
                return False
            trouble = self._refusal(self._disk, len(data))
            if not trouble:
                self._pending.pop(span, None)  # a newer blob goes to the end
                self._pending[span] = data
                self._start_writer(self._disk)
        if trouble:
            self._warn(*trouble)
        return not trouble

    def size(self) -> int:
        """Bytes of this user's blobs in the folder or on their way there; of memory without one."""
        sizes = self._sizes()
        return self._memory.size() if sizes is None else sum(sizes.values())

    def count(self) -> int:
        """How many blobs `size` counts."""
        sizes = self._sizes()
        return len(self._memory) if sizes is None else len(sizes)

    def held(self) -> int:
        """Bytes of blobs in memory."""
        with self._changed:
            return self._memory.size()

    def clear(self) -> None:
        """Forget all blobs and remove this user's from the folder."""
        with self._changed:  # no write comes in between, nor one that is under way
            self._memory.clear()
            self._pending.clear()
            try:
                if self._disk:
                    self._disk.clear()
            except OSError as error:
                self._warn(error.errno, f"{self.folder} cannot be cleared: {error.strerror}")

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until what was written is on the disk, or given up; False if time ran out."""
        with self._changed:
            return self._changed.wait_for(self._idle, timeout)

    def close(self, timeout: float | None = None) -> None:
        """Flush, then write no more; what is not on the disk in time is dropped. Twice is fine."""
        self.flush(timeout)
        with self._changed:
            self._closed = True  # the writer sees it after the piece that it is writing
            self._changed.wait_for(self._idle, EXIT_S / 2)

    def _sizes(self) -> dict[str, int] | None:
        if not self._disk:
            return None
        with self._changed:
            pending = {span: len(data) for span, data in self._pending.items()}
        waiting = {self._disk.name(span): self._disk.size(n) for span, n in pending.items()}
        return self._disk.sizes() | waiting

    def _refusal(self, disk: BlobFolder, size: int) -> tuple[str, str] | None:
        """Why the disk will not have a blob: the kind of trouble and what to say of it."""
        if disk.size(size) > disk.budget:
            return "budget", f"a blob of {size} bytes is larger than the budget of {disk.budget}"
        waiting = sum(len(data) for data in self._pending.values())
        if waiting and waiting + size > QUEUE:
            return "queue", f"{waiting} bytes wait for {self.folder} already"
        return None

    def _warn(self, kind: object, what: str) -> None:
        """Once for each kind of trouble: it does not change an answer, only when it starts."""
        if kind not in self._warned:
            self._warned.add(kind)
            log.warning("KV that was computed is not kept: %s", what)

    # ---- the writer

    def _idle(self) -> bool:
        return not (self._writer and self._writer.is_alive())  # a forked process has no threads

    def _start_writer(self, disk: BlobFolder) -> None:
        if not self._idle():
            return
        self._writer = threading.Thread(
            target=self._drain, args=[disk], name="kvasir-blobs", daemon=True
        )
        try:
            self._writer.start()
        except RuntimeError:  # the interpreter is ending, or the system has no thread to give
            self._drain(disk)

    def _drain(self, disk: BlobFolder) -> None:
        """Write what waits, the oldest first, until nothing does."""
        while True:
            with self._changed:
                if self._closed:
                    self._pending.clear()
                if not self._pending:
                    self._writer = None
                    self._changed.notify_all()
                    return
                span, data = next(iter(self._pending.items()))
            try:
                self._put(disk, span, data)
            except OSError as error:
                with self._changed:
                    self._rests_until = time.monotonic() + RETRY_S
                self._warn(error.errno, f"{self.folder} cannot be written: {error.strerror}")
            with self._changed:
                if self._pending.get(span) is data:  # else a newer one has come
                    del self._pending[span]

    def _put(self, disk: BlobFolder, span: Span, data: bytes) -> None:
        draft = disk.draft(span, data, lambda: self._wanted(span, data))
        if not draft:
            return
        with self._changed:  # so that neither `clear` nor a newer blob comes in between
            if self._wanted(span, data):
                disk.place(draft, span)
            else:
                draft.unlink(missing_ok=True)

    def _wanted(self, span: Span, data: bytes) -> bool:
        return not self._closed and self._pending.get(span) is data


def _close_if_alive(reference: "weakref.ref[BlobStore]") -> None:
    store = reference()
    if store:
        store.close(EXIT_S)
