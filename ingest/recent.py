"""The part of the dense index that is in memory: exact, for what came since its file was made.

A view is never changed: whoever searches one finds what it holds, while newer ones are made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingest.vector_base import inner_products

NARROW = 4
"""Where a filter lets through less than this part of the rows, only they are compared."""

_ROOM = 1024


class _Rows:
    """Arrays with room at the end, shared by the views; what a view sees stays as it is."""

    def __init__(self, room: int, dimensions: int) -> None:
        self.used = 0
        self.ids = np.zeros(room, np.int64)
        self.documents = np.zeros(room, np.int64)
        self.vectors = np.zeros((room, dimensions), np.float32)


@dataclass(frozen=True, eq=False)
class Recent:
    """Some chunks' ids, documents and vectors; those that are gone are not `alive`."""

    _rows: _Rows
    alive: np.ndarray

    @classmethod
    def empty(cls, dimensions: int, room: int = _ROOM) -> Recent:
        return cls(_Rows(room, dimensions), np.zeros(0, bool))

    @property
    def ids(self) -> np.ndarray:
        return self._rows.ids[: len(self.alive)]

    @property
    def documents(self) -> np.ndarray:
        return self._rows.documents[: len(self.alive)]

    def without(self, gone: np.ndarray) -> Recent:
        """This one less some chunks."""
        lost = np.isin(self.ids, gone)
        return Recent(self._rows, self.alive & ~lost) if lost.any() else self

    def plus(self, ids: np.ndarray, documents: np.ndarray, vectors: np.ndarray) -> Recent:
        """This one and more chunks. Only for one thread at a time."""
        held, more = len(self.alive), len(ids)
        rows = self._rows
        if rows.used != held or held + more > len(rows.ids):
            rows = self._copied(max(2 * held, held + more))
        rows.ids[held : held + more] = ids
        rows.documents[held : held + more] = documents
        rows.vectors[held : held + more] = vectors
        rows.used = held + more
        return Recent(rows, np.concatenate([self.alive, np.ones(more, bool)]))

    def search(
        self, query: np.ndarray, k: int, allowed: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest chunk ids, of the rows that are alive and allowed, and inner products."""
        may = self.alive if allowed is None else self.alive & allowed
        rows = np.flatnonzero(may)
        if not len(rows):
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        if len(rows) * NARROW < len(may):
            scores = inner_products(self._rows.vectors[rows], query)
        else:
            scores = inner_products(self._rows.vectors[: len(may)], query)[rows]
        if len(rows) > k:
            best = np.argpartition(-scores, k - 1)[:k]
            rows, scores = rows[best], scores[best]
        return self.ids[rows], scores

    def _copied(self, room: int) -> _Rows:
        old, held = self._rows, len(self.alive)
        rows = _Rows(room, old.vectors.shape[1])
        rows.ids[:held] = old.ids[:held]
        rows.documents[:held] = old.documents[:held]
        rows.vectors[:held] = old.vectors[:held]
        return rows
