"""The dense index: FAISS over the vectors in the database, exact inner product.

Derived: it follows the store's changes, and a file that is missing, foreign or damaged is built
again from the store. It does not know texts or embedders.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ingest.sidecar import Sidecar, checksum_of_file, differences, write_atomically
from ingest.store import Store

BATCH = 8192
"""Vectors read from the database at a time."""


class VectorIndex:
    """FAISS in memory, guarded by a lock; `save` keeps it for the next start."""

    def __init__(self, folder: Path, store: Store) -> None:
        """Load what is saved if it belongs to this library; `catch_up` does the rest."""
        self._path = folder / "index.faiss"
        self._sidecar = folder / "index.json"
        self._store = store
        self._lock = threading.Lock()
        self._build = ""
        self._index: Any = None
        self._seq = 0
        self._saved: int | None = None
        self._load()

    @property
    def seq(self) -> int:
        """The change that the index stands for."""
        return self._seq

    def catch_up(self) -> None:
        """Bring the index to the database's present state. Cheap where nothing changed."""
        with self._lock:
            until = self._store.seq()
            build = _build(self._store)
            if build != self._build or until < self._seq:
                self._clear(build)
            if until == self._seq:
                return
            if self._seq == 0:
                self._add(self._store.chunk_ids())
            else:
                changed = self._store.changed(self._seq, until)
                self._index.remove_ids(np.array(changed, dtype=np.int64))
                self._add(changed)
            self._seq = until

    def search(self, vector: Sequence[float], k: int) -> list[tuple[int, float]]:
        """The k nearest chunk ids and their cosines, best first; [] for an empty index."""
        with self._lock:
            if self._index is None or self._index.ntotal == 0:
                return []
            query = np.array([vector], dtype=np.float32)
            scores, ids = self._index.search(query, min(k, self._index.ntotal))
        return [(int(i), float(s)) for i, s in zip(ids[0], scores[0], strict=True) if i >= 0]

    def check(self) -> list[str]:
        """How the index differs from the database, one line for each way."""
        import faiss

        held: Any
        with self._lock:
            held = [] if self._index is None else faiss.vector_to_array(self._index.id_map)
        return differences("index.faiss", {int(i) for i in held}, set(self._store.chunk_ids()))

    def save(self) -> None:
        """Write the index and what it stands for; only while holding the library's write lock."""
        import faiss

        with self._lock:
            if self._index is None or self._saved == self._seq:
                return
            write_atomically(self._path, lambda file: faiss.write_index(self._index, str(file)))
            Sidecar(
                library=self._store.library_id,
                seq=self._seq,
                build=self._build,
                count=self._index.ntotal,
                checksum=checksum_of_file(self._path),
            ).write(self._sidecar)
            self._saved = self._seq

    def _load(self) -> None:
        import faiss

        build, saved = _build(self._store), Sidecar.read(self._sidecar)
        self._clear(build)
        if saved is None or (saved.library, saved.build) != (self._store.library_id, build):
            return
        try:
            if checksum_of_file(self._path) != saved.checksum:
                return
            index = faiss.read_index(str(self._path))
        except (OSError, RuntimeError, MemoryError):
            return
        if index.ntotal == saved.count:
            self._index, self._seq, self._saved = index, saved.seq, saved.seq

    def _clear(self, build: str) -> None:
        import faiss

        dimensions = int(self._store.meta("dimensions") or 0)
        self._index = faiss.IndexIDMap2(faiss.IndexFlatIP(dimensions)) if dimensions else None
        self._build, self._seq, self._saved = build, 0, None

    def _add(self, ids: Sequence[int]) -> None:
        for first in range(0, len(ids), BATCH):
            found, vectors = self._store.embeddings(ids[first : first + BATCH])
            if found:
                self._index.add_with_ids(vectors, np.array(found, dtype=np.int64))


def _build(store: Store) -> str:
    return f"flat {store.meta('dimensions') or 0} {store.meta('embedder') or ''}"
