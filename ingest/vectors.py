"""The dense index: a file of most vectors (`ingest.vector_base`), and in memory what came since.

Derived: it follows the store's changes, and a file that is missing, foreign or damaged is built
again from the store. Adding documents leaves the file as it is, until so much has changed that it
is replaced by one built anew. It does not know texts or embedders.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ingest.differences import differences
from ingest.directions import SAMPLE, Directions, directions_of
from ingest.filter import Filter
from ingest.recent import Recent
from ingest.records import Records
from ingest.sidecar import Sidecar, checksum_of_file, remove_drafts, write_atomically
from ingest.vector_base import EXACT, VectorBase, inner_products, open_base, write_base
from ingest.vector_state import Rows, VectorState

BATCH = 2048
"""Vectors read from the database at a time."""

LEAST, MOST, SHARE = 500, 60_000, 10
"""A new file is due when the SHAREth part of the old one has changed, within these bounds.

So that what is read from the database when a library is opened stays little.
"""

REPEATS = 4
"""So many times more changes may be followed that leave all vectors as they are: renames."""

AGAIN = 30
"""Where scores are rounded, so many candidates more than asked for are scored exactly."""

Tell = Callable[[int, int], None]
"""Told how many chunks an index has taken in, and of how many."""

_SEED = 1


class VectorIndex:
    """Searched without locks; brought up to date by one thread at a time."""

    def __init__(self, folder: Path, store: Records) -> None:
        """Load what is saved if it belongs to this library; `catch_up` does the rest."""
        self._path = folder / "index.faiss"
        self._sidecar = folder / "index.json"
        self._next = folder / "index.next.json"
        self._store = store
        self._updating = threading.Lock()
        self._loaded: tuple[int, int] | None = None
        self._used: Path | None = None
        self._directions: tuple[int, str, Directions | None] | None = None
        self._state = self._load(_build(store))

    @property
    def seq(self) -> int:
        """The change that the index stands for."""
        return self._state.seq

    @property
    def lag(self) -> int:
        """How many changes it would have to follow to be up to date, roughly."""
        if self._state.build != _build(self._store):
            return self._store.seq()
        return self._store.seq() - self._state.seq

    @property
    def needs(self) -> int:
        """The change after which the log must be kept, for the file on the disk to follow."""
        state = self._state
        return state.seq if state.base is None else state.base_seq

    def __len__(self) -> int:
        """How many chunks are in the index, roughly: those that went may count."""
        state = self._state
        return len(state.recent.ids) + (0 if state.base is None else len(state.base.ids))

    def catch_up(self) -> None:
        """Bring the index to the database's present state. Cheap where little changed."""
        with self._updating:
            self._state = self._caught_up(self._state)

    def search(
        self, vector: Sequence[float] | np.ndarray, k: int, filter: Filter | None = None
    ) -> list[tuple[int, float]]:
        """The k nearest chunk ids and their cosines, best first; [] for an empty index.

        With a filter, the nearest of those in documents that it lets through.
        """
        state = self._state
        query = np.array(vector, dtype=np.float32)
        rows = self._rows(state, filter)
        ids, scores = state.recent.search(query, k, rows.recent)
        if state.base is not None:
            more_ids, more_scores = self._search_base(state.base, query, k, rows)
            ids, scores = np.concatenate([ids, more_ids]), np.concatenate([scores, more_scores])
        best = np.lexsort((ids, -scores))[:k]
        return [(int(ids[i]), float(scores[i])) for i in best]

    def directions(self) -> Directions | None:
        """What the library's vectors have in common; None for a library that is too small.

        Told from a sample, and again when the library has changed by a tenth.
        """
        known, seq, build = self._directions, self._store.seq(), _build(self._store)
        if known is None or known[1] != build or not 0.9 <= known[0] / max(seq, 1) <= 1.1:
            last = self._store.last_chunk()
            drawn = random.Random(_SEED).sample(range(1, last + 1), min(SAMPLE, last))
            known = (seq, build, directions_of(self._store.chunk_vectors(drawn)[2]))
            self._directions = known
        return known[2]

    def check(self) -> list[str]:
        """How the index differs from the database, one line for each way; after `catch_up`."""
        held = self._state.ids()

        def between(after: int, until: int | None) -> list[int]:
            last = len(held) if until is None else np.searchsorted(held, until, "right")
            found: list[int] = held[np.searchsorted(held, after, "right") : last].tolist()
            return found

        return differences("index.faiss", self._store, between)

    def save(self, tell: Tell | None = None) -> None:
        """Write a new file if one is due; only while holding the library's write lock.

        Searches go on with the old one meanwhile. Raises OSError where it cannot be written.
        """
        if not self._store.holds_chunks():
            self._remove()
            return
        with self._updating:
            state = self._state = self._reloaded(self._state)
        if not self._is_due(state):
            self.catch_up()
            self._finish()
            return
        seq = self._store.seq()
        remove_drafts(self._path, self._sidecar, self._next)
        count = self._store.counts()["chunks"]

        def place(draft: Path) -> None:
            rows = write_base(draft, count, self._sample, self._every_row(count, tell))
            files = {self._path.name: checksum_of_file(draft)}
            Sidecar(self._store.library_id, seq, state.build, rows, files).write(self._next)

        # Killed after this, the next start finds the new file's sidecar under its first name.
        write_atomically(self._path, place)
        os.replace(self._next, self._sidecar)
        with self._updating:
            self._state = self._caught_up(self._load(state.build))

    def _finish(self) -> None:
        """Bring what a kill cut short to its end: the sidecar under its own name."""
        with self._updating:
            if self._used == self._next:
                os.replace(self._next, self._sidecar)
                self._loaded, self._used = _signature(self._sidecar), self._sidecar

    def _remove(self) -> None:
        for path in (self._sidecar, self._next, self._path):
            path.unlink(missing_ok=True)
        with self._updating:
            self._state = self._caught_up(self._load(_build(self._store)))

    def _is_due(self, state: VectorState) -> bool:
        """Whether a new file is better than following the changes, told without following them."""
        if state.base is None:
            return True
        most = max(LEAST, min(MOST, len(state.base.ids) // SHARE))
        until = self._store.seq()
        if until - state.base_seq > REPEATS * most:
            return True
        gone, new = self._to_follow(state, until)
        return state.changed + len(gone) + len(new) > most

    def _rows(self, state: VectorState, filter: Filter | None) -> Rows:
        rows = state.remembered.get(filter)
        if rows is None:
            documents = None if filter is None else self._store.documents_where(filter)
            rows = state.rows_of(documents)
            state.remembered.put(filter, rows)
        return rows

    def _search_base(
        self, base: VectorBase, query: np.ndarray, k: int, rows: Rows
    ) -> tuple[np.ndarray, np.ndarray]:
        if base.is_exact:
            found, scores = base.search(query, k, rows.base)
            return base.ids[found], scores
        found, _ = base.search(query, k + AGAIN, rows.base)
        ids, _, vectors = self._store.chunk_vectors(base.ids[found].tolist())
        return ids, inner_products(vectors, query)

    def _load(self, build: str) -> VectorState:
        """What is on the disk, if it is this library's and can follow the changes; else empty."""
        self._loaded, self._used = _signature(self._sidecar), None
        dimensions = int(self._store.meta("dimensions") or 0)
        state = VectorState(build, Recent.empty(dimensions))
        if not dimensions:
            return state
        for path in (self._sidecar, self._next, self._sidecar):  # while another process writes
            saved = Sidecar.read(path)
            if saved is None or (saved.library, saved.build) != (self._store.library_id, build):
                continue
            if not self._store.forgotten() <= saved.seq <= self._store.seq():
                continue
            base = self._open(saved)
            if base is not None:
                self._used = path
                return replace(state, seq=saved.seq, base=base, base_seq=saved.seq)
        return state

    def _open(self, saved: Sidecar) -> VectorBase | None:
        """The file, if it is what a sidecar says, and nobody replaced it meanwhile."""
        before = _signature(self._path)
        try:
            base = open_base(self._path, saved.count) if saved.fits(self._path) else None
        except OSError:
            return None
        return base if _signature(self._path) == before else None

    def _caught_up(self, state: VectorState) -> VectorState:
        until, build = self._store.seq(), _build(self._store)
        if until == state.seq and build == state.build:
            return state
        state = self._reloaded(state)
        if state.seq == 0:
            return self._filled(build).at(until)
        gone, new = self._to_follow(state, until)
        if self._store.forgotten() > state.seq:  # somebody did so in this very moment
            return self._caught_up(state)
        return self._added(state.without(gone), new).at(until)

    def _reloaded(self, state: VectorState) -> VectorState:
        """The state, if it can follow the changes and its file is there still; else the disk's."""
        build = _build(self._store)
        stale = build != state.build or self._store.seq() < state.seq
        if stale or self._store.forgotten() > state.seq:
            return self._load(build)
        return state if _signature(self._sidecar) == self._loaded else self._load(build)

    def _to_follow(self, state: VectorState, until: int) -> tuple[np.ndarray, list[int]]:
        """The chunks that went, and those that came, since the state."""
        changed = np.array(self._store.changed(state.seq, until), dtype=np.int64)
        there = np.array(self._store.chunk_ids_among(changed.tolist()), dtype=np.int64)
        return np.setdiff1d(changed, there), there[~state.holds(there)].tolist()

    def _filled(self, build: str) -> VectorState:
        ids = self._store.chunk_ids()
        dimensions = int(self._store.meta("dimensions") or 0)
        return self._added(VectorState(build, Recent.empty(dimensions, len(ids))), ids)

    def _added(self, state: VectorState, ids: list[int]) -> VectorState:
        for first in range(0, len(ids), BATCH):
            found = self._store.chunk_vectors(ids[first : first + BATCH])
            if len(found[0]):
                state = state.plus(*found)
        return state

    def _sample(self, wanted: int) -> np.ndarray:
        ids = self._store.chunk_ids()
        chosen = random.Random(_SEED).sample(ids, min(wanted, len(ids)))
        return self._store.chunk_vectors(chosen)[2]

    def _every_row(
        self, count: int, tell: Tell | None
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        last, done = 0, 0
        while len((rows := self._store.chunk_vectors_after(last, BATCH))[0]):
            yield rows
            last, done = int(rows[0][-1]), done + len(rows[0])
            if tell and count > EXACT:
                tell(done, count)


def _signature(path: Path) -> tuple[int, int] | None:
    """What tells one version of a file from another, without reading it."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def _build(store: Records) -> str:
    return f"2 {store.meta('dimensions') or 0} {store.meta('embedder') or ''}"
