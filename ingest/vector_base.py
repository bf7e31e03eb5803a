"""The body of the dense index: one file that FAISS made, never changed, only replaced.

Up to EXACT vectors it holds them as they are in the database, and a search compares all of them.
Of more it holds 6 bits for each number, in lists around centres trained from the data, and a
search looks into the lists nearest to the question. FAISS is used here and nowhere else; the
module does not know the database.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import faiss as typed_faiss
import numpy as np

faiss: Any = typed_faiss  # its type stubs lack what its Python layer adds

EXACT = 50_000
"""Vectors that are searched whole: 2 ms on one core (see benchmarks/million.py)."""

COMPARED = 50_000
"""How many vectors that may be found a search of lists compares at least; for many hits more."""

DEEPER = 10
"""So many vectors are compared for each hit that is asked for."""

TRAINED_ON = 40
"""Vectors that each centre is trained from: fewer than 39 and FAISS complains."""

ROUNDS = 10
"""Of k-means."""

_ROW_BYTES = 16
"""Behind FAISS's own bytes: each row's chunk and document."""

_SEED = 1


@dataclass(frozen=True, eq=False)
class Allowed:
    """The rows of a base that a search may find, as FAISS wants them; `lists` counts by list."""

    count: int
    bits: np.ndarray
    lists: np.ndarray | None


@dataclass(frozen=True, eq=False)
class VectorBase:
    """Vectors by row, with each row's chunk id, ascending, and document id."""

    ids: np.ndarray
    documents: np.ndarray
    index: Any

    @property
    def is_exact(self) -> bool:
        """Whether scores are those of the vectors in the database."""
        return not isinstance(self.index, faiss.IndexIVF)

    def allow(self, rows: np.ndarray) -> Allowed:
        """The rows where the array is true, to be searched."""
        lists = None
        if not self.is_exact:
            lists = np.bincount(self._list_of_row[rows], minlength=self.index.nlist)
        return Allowed(int(rows.sum()), np.packbits(rows, bitorder="little"), lists)

    def search(
        self, query: np.ndarray, k: int, allowed: Allowed | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The rows nearest to a question's vector, of those allowed, and their inner products."""
        k = min(k, len(self.ids) if allowed is None else allowed.count)
        if k == 0:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        with _one_thread():
            return self._search(query, k, allowed)

    def _search(
        self, query: np.ndarray, k: int, allowed: Allowed | None
    ) -> tuple[np.ndarray, np.ndarray]:
        selector = None if allowed is None else faiss.IDSelectorBitmap(allowed.bits)
        question = query.reshape(1, -1)
        if self.is_exact:
            parameters = faiss.SearchParameters(sel=selector)
            scores, rows = self.index.search(question, k, params=parameters)
        else:
            scores, rows = self._search_lists(question, k, allowed, selector)
        found = (rows[0] >= 0) & (rows[0] < len(self.ids))
        return rows[0][found], scores[0][found]

    def _search_lists(
        self, question: np.ndarray, k: int, allowed: Allowed | None, selector: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        near, lists = self._lists(question, max(COMPARED, DEEPER * k), allowed)
        scores, rows = np.empty((1, k), np.float32), np.empty((1, k), np.int64)
        parameters = faiss.SearchParametersIVF(sel=selector, nprobe=lists.shape[1])
        # The method without "_c" takes no parameters.
        pointers = [faiss.swig_ptr(array) for array in (lists, near, scores, rows)]
        self.index.search_preassigned_c(
            1, faiss.swig_ptr(question), k, *pointers, False, parameters
        )
        return scores, rows

    def _lists(
        self, question: np.ndarray, compared: int, allowed: Allowed | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The nearest lists that hold anything allowed, until they hold enough of it."""
        near, lists = self.index.quantizer.search(question, self.index.nlist)
        sizes = (self._list_sizes if allowed is None or allowed.lists is None else allowed.lists)[
            lists[0]
        ]
        held = np.flatnonzero(sizes)
        enough = int(np.searchsorted(np.cumsum(sizes[held]), compared)) + 1
        chosen = held[:enough]
        return np.ascontiguousarray(near[:, chosen]), np.ascontiguousarray(lists[:, chosen])

    @cached_property
    def _list_sizes(self) -> np.ndarray:
        lists = self.index.invlists
        return np.array([lists.list_size(number) for number in range(self.index.nlist)])

    @cached_property
    def _list_of_row(self) -> np.ndarray:
        lists = self.index.invlists
        owner = np.zeros(len(self.ids), dtype=np.int32)
        for number in range(self.index.nlist):
            size = lists.list_size(number)
            if size:
                held = lists.get_ids(number)
                owner[faiss.rev_swig_ptr(held, size)] = number
                lists.release_ids(number, held)
        return owner


def inner_products(vectors: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Those of each row with a question's vector, float32, on one core."""
    rows, asked = np.ascontiguousarray(vectors), np.ascontiguousarray(query)
    products = np.empty(len(rows), np.float32)
    if len(rows):
        pointers = [faiss.swig_ptr(array) for array in (products, asked, rows)]
        faiss.fvec_inner_products_ny(*pointers, rows.shape[1], len(rows))
    return products


@contextmanager
def _one_thread() -> Iterator[None]:
    """FAISS on the caller's core alone: a single question is soonest answered there.

    A second thread would have nothing to do, and be waited for: 100 ms where all cores are busy.
    """
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # for this thread only
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def open_base(path: Path, count: int) -> VectorBase | None:
    """The base in a file, mapped where it is large; None if it is not one of so many rows."""
    with path.open("rb") as file:
        if not 0 < count * _ROW_BYTES < file.seek(0, os.SEEK_END):
            return None
        file.seek(-count * _ROW_BYTES, os.SEEK_END)
        ids, documents = np.fromfile(file, "<i8", 2 * count).reshape(2, count)
    # FAISS maps files on POSIX only.
    flags = faiss.IO_FLAG_MMAP if os.name == "posix" and count > EXACT else 0
    try:
        index = faiss.read_index(str(path), flags)
    except RuntimeError:
        return None
    return VectorBase(ids, documents, index) if index.ntotal == count else None


def write_base(
    path: Path,
    count: int,
    sample: Callable[[int], np.ndarray],
    rows: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]],
) -> int:
    """Build a base from blocks of chunk ids, ascending, documents and vectors; gives its rows.

    There will be about `count`; `sample` gives about so many vectors drawn from all of them.
    Raises OSError where the file cannot be written.
    """
    index: Any = None
    ids, documents = [np.zeros(0, "<i8")], [np.zeros(0, "<i8")]
    for block_ids, block_documents, vectors in rows:
        if index is None:
            index = _trained(count, vectors, sample)
        index.add(vectors)
        ids.append(block_ids.astype("<i8"))
        documents.append(block_documents.astype("<i8"))
    if index is None:
        raise ValueError("there is nothing to build a base of")
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise OSError(None, f"FAISS could not write ({error})") from error
    with path.open("ab") as file:
        for array in (*ids, *documents):
            file.write(array.tobytes())
    return int(index.ntotal)


def _trained(count: int, first: np.ndarray, sample: Callable[[int], np.ndarray]) -> Any:
    kinds, dimensions = faiss.ScalarQuantizer, first.shape[1]
    if count <= EXACT:
        index = faiss.IndexScalarQuantizer(dimensions, kinds.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        index.train(first)
        return index
    lists = round(2 * count**0.5)
    centres = faiss.IndexFlatIP(dimensions)
    index = faiss.IndexIVFScalarQuantizer(
        centres, dimensions, lists, kinds.QT_6bit, faiss.METRIC_INNER_PRODUCT
    )
    index.cp.niter, index.cp.seed = ROUNDS, _SEED
    index.cp.min_points_per_centroid = 1  # it complains on standard error otherwise
    index.train(sample(lists * TRAINED_ON))
    return index
