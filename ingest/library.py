"""The library's face: one folder that documents go into and passages come out of.

SQLite is the truth, FAISS and Tantivy follow it. It does not know parsers (`ingest.sync`), chat
models or prompts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from ingest.document import Document, Passage
from ingest.embedder import Embedder
from ingest.errors import LibraryError
from ingest.files import absolute
from ingest.filter import Filter
from ingest.indexes import Indexes
from ingest.kept_files import drop_files
from ingest.page import Page
from ingest.search import Ranked, matching, rank
from ingest.store import Store

if TYPE_CHECKING:
    from langchain_core.documents import Document as LangChainDocument


class Library:
    """A library in a folder, opened or created; a context manager; safe to share by threads.

    `embedder` is by default the one of the settings, loaded when first needed. Raises
    LibraryError for a folder that cannot be used and for a library of another embedder, unless
    `any_embedder` (then it can be looked at, emptied and rebuilt, but not searched).
    """

    def __init__(
        self,
        folder: str | Path | None = None,
        *,
        embedder: Embedder | None = None,
        any_embedder: bool = False,
    ) -> None:
        self.folder = library_folder(folder)
        self.store = Store(self.folder / "library.db")
        self._embedder = embedder
        self._file_lock = FileLock(self.folder / ".lock")
        self._indexes = Indexes(self.folder, self.store, self._file_lock)
        try:
            if not any_embedder and self.store.meta("embedder"):
                self.check_embedder()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the files; closing twice is harmless."""
        self._indexes.close()
        self.store.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # Looking things up

    def search(
        self, query: str, k: int = 5, filter: Filter | None = None
    ) -> list[LangChainDocument]:
        """The k passages that bear most on a question, best first.

        `page_content` is the chunk's text; the metadata holds source, title, page, label, start,
        end, score, strength, exact (see `ingest.search.Ranked`), headings, chunk_id and
        document_id. Scores rank, and mean nothing across
        questions. Passages that hold what the question puts in quotation marks come first. With a
        filter, they are the best of the documents that it lets through. [] for a blank question
        or an empty library.
        """
        question = query.encode("utf-8", "replace").decode("utf-8").strip()
        if not question or k < 1 or self.store.seq() == 0:
            return []
        self.check_embedder()  # before anything is loaded
        vector = self.embedder.embed_query(question)
        self._check_dimensions(len(vector))
        ranked = rank(question, vector, self._indexes, self.store, _narrow(filter), k)
        found: list[LangChainDocument] = []
        for first in range(0, len(ranked), k):  # a chunk may have gone since it was ranked
            wanted = ranked[first : first + k]
            passages = {p.chunk_id: p for p in self.store.passages([one.chunk for one in wanted])}
            found += [_hit(passages[one.chunk], one) for one in wanted if one.chunk in passages]
            if len(found) >= k:
                break
        return found[:k]

    def nearest(
        self, question: str, k: int, filter: Filter | None = None
    ) -> list[tuple[int, float]]:
        """The k chunk ids whose vectors are nearest to the question's, with cosines, best first."""
        self.check_embedder()  # before anything is loaded
        return self.nearest_to(self.embedder.embed_query(question), k, filter)

    def nearest_to(
        self, vector: Sequence[float], k: int, filter: Filter | None = None
    ) -> list[tuple[int, float]]:
        """As `nearest`, for a vector of length 1. Raises LibraryError for another embedder's."""
        self.check_embedder()
        self._check_dimensions(len(vector))
        return self._indexes.vectors().search(vector, k, _narrow(filter))

    def matching(
        self, question: str, k: int, filter: Filter | None = None
    ) -> list[tuple[int, float]]:
        """The k chunk ids that match the question's words best, with BM25 scores, best first."""
        return matching(question, self._indexes, _narrow(filter), k)

    def documents(self) -> list[Document]:
        """Every document, failed ones too, by source, with the counts of its pages and chunks."""
        return self.store.documents()

    def document(self, source: str) -> Document | None:
        """The document of a source, or of a path that leads to it; None where there is none."""
        return self.store.document(source) or self.store.document(str(absolute(source)))

    def pages(self, source: str) -> list[Page]:
        """A document's pages in order. Raises LibraryError where there is no such document."""
        if self.store.document(source) is None:
            raise LibraryError(f"{source} is not in the library {self.folder}")
        return self.store.pages(source)

    def page(self, source: str, number: int) -> Page:
        """One page, counted from 1. Raises LibraryError where there is none."""
        found = self.store.pages(source, number)
        if not found:
            raise LibraryError(f"{source} has no page {number} in the library {self.folder}")
        return found[0]

    def status(self) -> dict[str, Any]:
        """What is in the library: its folder, embedder, counts and bytes on disk."""
        return {
            "library": str(self.folder),
            "embedder": self.store.meta("embedder"),
            "dimensions": int(self.store.meta("dimensions") or 0),
            **self.store.counts(),
            "bytes": sum(_size(path) for path in self.folder.rglob("*")),
        }

    # Changing things

    def remove(self, source: str) -> bool:
        """Remove a document, named as `documents()` names it or by a path; False if unknown."""
        with self.writing():
            document = self.document(source)
            if document is None:
                return False
            self.store.remove([document.source])
            drop_files(self)
            self.save_indexes()
        return True

    @property
    def embedder(self) -> Embedder:
        """The embedder, made on first use."""
        if self._embedder is None:
            from models.embeddings import KvasirEmbeddings

            self._embedder = KvasirEmbeddings()
        return self._embedder

    @contextmanager
    def writing(self, waiting: Callable[[], None] | None = None) -> Iterator[None]:
        """Be the only one who writes, across processes and threads; `waiting` is called if not."""
        try:
            try:
                lock = self._file_lock.acquire(timeout=0)
            except Timeout:
                if waiting:
                    waiting()
                lock = self._file_lock.acquire()
        except OSError as error:
            raise LibraryError(f"{self.folder} cannot be written: {error.strerror}") from error
        with lock:
            yield

    def save_indexes(self, tell: Callable[[int, int], None] | None = None) -> None:
        """Bring the derived indexes up to date and onto the disk; the caller is `writing`.

        Where that takes long, `tell` is told how many chunks an index has, and of how many.
        """
        self._indexes.save(tell)

    def check_indexes(self) -> list[str]:
        """Bring the derived indexes up to date, and say how they differ from the database."""
        with self.writing():
            return self._indexes.check()

    def rebuild_indexes(self) -> None:
        """Throw the derived indexes away and build them anew; the caller is `writing`."""
        self._indexes.rebuild()

    @property
    def built_with(self) -> tuple[str, int]:
        """The embedder that the vectors are of, and their dimensions; "" and 0 for none yet."""
        return self.store.meta("embedder") or "", int(self.store.meta("dimensions") or 0)

    def check_embedder(self) -> None:
        """Raise LibraryError if the library's vectors are another embedder's."""
        stored = self.store.meta("embedder")
        if stored not in (None, self.embedder.name) and self.store.holds_chunks():
            self._refuse(f"{stored} ({self.store.meta('dimensions')} numbers per vector)")

    def claim_embedder(self) -> None:
        """Record whose vectors the library holds, if it holds none yet; else check."""
        self.check_embedder()
        dimensions = self.embedder.dimensions
        if self.store.holds_chunks():
            self._check_dimensions(dimensions)
        elif self.store.meta("embedder") != self.embedder.name:
            self.store.set_embedder(self.embedder.name, dimensions)

    def _check_dimensions(self, dimensions: int) -> None:
        stored = int(self.store.meta("dimensions") or 0)
        if stored not in (0, dimensions):
            self._refuse(f"vectors of {stored} numbers, not {dimensions},")

    def _refuse(self, stored: str) -> None:
        raise LibraryError(
            f"{self.folder} was built with {stored}, the settings ask for {self.embedder.name}. "
            f"Run: python ingest --rebuild --library {self.folder}"
        )


def library_folder(folder: str | Path | None) -> Path:
    """The absolute folder of a library, by default the one of the settings; not created."""
    if folder is None:
        from models.settings import get_settings

        folder = get_settings().library
    return absolute(folder)


def _narrow(filter: Filter | None) -> Filter | None:
    return None if filter == Filter() else filter


def _hit(passage: Passage, ranked: Ranked) -> LangChainDocument:
    from langchain_core.documents import Document as LangChainDocument

    return LangChainDocument(
        page_content=passage.text,
        metadata={
            "source": passage.source,
            "title": passage.title,
            "page": passage.page,
            "label": passage.label,
            "start": passage.start,
            "end": passage.end,
            "score": ranked.score,
            "strength": ranked.strength,
            "exact": ranked.exact,
            "headings": list(passage.headings),
            "chunk_id": passage.chunk_id,
            "document_id": passage.document_id,
        },
    )


def _size(path: Path) -> int:
    """A file's bytes; 0 for a folder, or for one of the chat model's that went meanwhile."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:
        return 0
