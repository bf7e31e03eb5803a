"""A library's two derived indexes: opened when first needed, current when searched, saved.

It does not know what is searched for.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from ingest.errors import LibraryError
from ingest.store import Store

if TYPE_CHECKING:
    from ingest.keywords import KeywordIndex
    from ingest.vectors import VectorIndex

BEHIND = 60_000
"""Changes that are followed in memory; with more to follow, who searches saves if it can."""

LOG_LEAST = 10_000
"""The log of changes may grow to twice the chunks, and this much more."""


class Indexes:
    """Both indexes of one library; safe to share by threads."""

    def __init__(self, folder: Path, store: Store, lock: FileLock) -> None:
        """`lock` is the library's lock for writing."""
        self._folder = folder
        self._store = store
        self._lock = lock
        self._opening = threading.Lock()
        self._opened: tuple[VectorIndex, KeywordIndex] | None = None

    def close(self) -> None:
        """Let go of the files."""
        self._opened = None

    def vectors(self) -> VectorIndex:
        """The dense index, brought up to date."""
        vectors, _ = self._both()
        if vectors.lag > BEHIND:
            self._save_unless_writing()
        vectors.catch_up()
        return vectors

    def keywords(self) -> KeywordIndex:
        """The keyword index, brought up to date unless somebody else is writing."""
        _, keywords = self._both()
        if keywords.seq != self._store.seq():
            keywords.refresh()
        if keywords.seq != self._store.seq():
            self._save_unless_writing()
        return keywords

    def save(self, tell: Callable[[int, int], None] | None = None) -> None:
        """Bring both up to date and onto the disk; the caller holds the lock."""
        vectors, keywords = self._both()
        try:
            vectors.save(tell)
            keywords.catch_up(tell)
        except OSError as error:
            reason = error.strerror or error
            raise LibraryError(f"{self._folder} cannot be written: {reason}") from error
        log = self._store.seq() - self._store.forgotten()
        if log > 2 * len(vectors) + LOG_LEAST:
            self._store.forget_changes(min(vectors.needs, keywords.seq))

    def check(self) -> list[str]:
        """Save both, and say how they differ from the database; the caller holds the lock."""
        self.save()
        vectors, keywords = self._both()
        return [*vectors.check(), *keywords.check()]

    def rebuild(self) -> None:
        """Throw both away and build them anew; the caller holds the lock."""
        self._opened = None
        for name in ("index.faiss", "index.json", "index.next.json"):
            (self._folder / name).unlink(missing_ok=True)
        shutil.rmtree(self._folder / "keywords", ignore_errors=True)
        self.save()

    def _both(self) -> tuple[VectorIndex, KeywordIndex]:
        from ingest.keywords import KeywordIndex
        from ingest.vectors import VectorIndex

        with self._opening:
            if self._opened is None:
                self._opened = (
                    VectorIndex(self._folder, self._store),
                    KeywordIndex(self._folder, self._store),
                )
            return self._opened

    def _save_unless_writing(self) -> None:
        try:
            with self._lock.acquire(timeout=0):
                self.save()
        except (Timeout, OSError, LibraryError):
            pass  # what they have is still true: chunks that went are dropped by the database
