"""The dense index at one state of the database: never changed, so searched without locks.

It does not know files or the database.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

import numpy as np

from ingest.filter import Filter
from ingest.recent import Recent
from ingest.vector_base import Allowed, VectorBase

FILTERS = 16
"""Filters whose rows are remembered."""


@dataclass(frozen=True, eq=False)
class Rows:
    """What a filter lets through, of the base and of the recent part; None for everything."""

    base: Allowed | None
    recent: np.ndarray | None


class _Remembered:
    """The rows of the last filters."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[Filter | None, Rows] = {}

    def get(self, filter: Filter | None) -> Rows | None:
        return self._rows.get(filter)

    def put(self, filter: Filter | None, rows: Rows) -> None:
        with self._lock:
            while len(self._rows) >= FILTERS:
                del self._rows[next(iter(self._rows))]
            self._rows[filter] = rows


@dataclass(frozen=True, eq=False)
class VectorState:
    """`base` is what the file holds, as of `base_seq`; `present` its rows that are not gone.

    `build` names all that must match beside `seq`; `present` is None where none is gone.
    """

    build: str
    recent: Recent
    seq: int = 0
    base: VectorBase | None = None
    base_seq: int = 0
    present: np.ndarray | None = None
    remembered: _Remembered = field(default_factory=_Remembered)

    @property
    def changed(self) -> int:
        """How many chunks came or went since the file was written."""
        gone = 0 if self.present is None else int((~self.present).sum())
        return len(self.recent.ids) + gone

    def ids(self) -> np.ndarray:
        """The chunks in the index, ascending; one that is in it twice is here twice."""
        recent = self.recent.ids[self.recent.alive]
        if self.base is None:
            return np.sort(recent)
        base = self.base.ids if self.present is None else self.base.ids[self.present]
        return np.sort(np.concatenate([base, recent]))

    def holds(self, ids: np.ndarray) -> np.ndarray:
        """For each of the chunks, whether it is in the index."""
        held = np.isin(ids, self.recent.ids[self.recent.alive])
        if self.base is not None:
            rows, there = self._rows_of(self.base, ids)
            if self.present is not None:
                there &= self.present[rows]
            held |= there
        return held

    def without(self, gone: np.ndarray) -> VectorState:
        """This one less some chunks."""
        present = self.present
        if self.base is not None:
            rows, there = self._rows_of(self.base, gone)
            if there.any():
                present = np.ones(len(self.base.ids), bool) if present is None else present.copy()
                present[rows[there]] = False
        return self._changed(self.recent.without(gone), present, self.seq)

    def plus(self, ids: np.ndarray, documents: np.ndarray, vectors: np.ndarray) -> VectorState:
        """This one and more chunks. Only for one thread at a time."""
        return self._changed(self.recent.plus(ids, documents, vectors), self.present, self.seq)

    def at(self, seq: int) -> VectorState:
        """This one, as what stands for another state of the database."""
        return self._changed(self.recent, self.present, seq)

    def rows_of(self, documents: np.ndarray | None) -> Rows:
        """The rows of some documents, or of all, that are not gone."""
        if documents is None:
            everything = self.base is None or self.present is None
            base = None if everything else self._allow(self.present)
            return Rows(base, None)
        recent = np.isin(self.recent.documents, documents)
        if self.base is None:
            return Rows(None, recent)
        rows = np.isin(self.base.documents, documents)
        return Rows(self._allow(rows if self.present is None else rows & self.present), recent)

    def _allow(self, rows: np.ndarray | None) -> Allowed | None:
        return None if self.base is None or rows is None else self.base.allow(rows)

    def _changed(self, recent: Recent, present: np.ndarray | None, seq: int) -> VectorState:
        return replace(self, recent=recent, present=present, seq=seq, remembered=_Remembered())

    @staticmethod
    def _rows_of(base: VectorBase, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows = np.minimum(np.searchsorted(base.ids, ids), len(base.ids) - 1)
        return rows, base.ids[rows] == ids
