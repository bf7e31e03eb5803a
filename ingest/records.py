"""What a library holds, read from its SQLite file: documents, pages, passages and vectors.

The derived indexes follow `changed`: ids of chunks that came or went, in order. It does not know
how vectors are made or searched; `ingest.store` is what writes.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.document import ChunkSpan, Document, Passage
from ingest.errors import LibraryError
from ingest.filter import TRAITS, Filter, Traits, conditions
from ingest.page import Page
from ingest.rows import page_from_row
from ingest.schema import connect, open_database, translated

if TYPE_CHECKING:
    import numpy as np

BATCH = 500
"""Keys per SELECT: below every SQLite's limit of variables."""

_DOCUMENTS = """
SELECT d.id, d.source, d.origin, d.format, d.title, d.hash, d.size, d.mtime_ns, d.status, d.error,
    d.added_at, (SELECT count(*) FROM pages WHERE document = d.id),
    (SELECT count(*) FROM chunks WHERE document = d.id), d.language
FROM documents d
"""
_PASSAGES = """
SELECT c.id, c.document, d.source, d.title, c.page, p.label, c.start, c.end, c.headings
FROM chunks c JOIN documents d ON d.id = c.document
    JOIN pages p ON p.document = c.document AND p.number = c.page
"""
_PAGES = """
SELECT p.number, p.text, p.label, p.headings
FROM pages p JOIN documents d ON d.id = p.document WHERE d.source = ?
"""
_CHUNK_VECTORS = """
SELECT c.id, c.document, v.embedding FROM chunks c JOIN vectors v ON v.id = c.vector
WHERE {} ORDER BY c.id
"""
_NEIGHBOURS = """
SELECT c.id, c.start, c.end, c.tokens FROM chunks c
    JOIN chunks m ON m.document = c.document AND m.page = c.page
WHERE m.id = ? AND c.ordinal BETWEEN m.ordinal - ? AND m.ordinal + ? ORDER BY c.ordinal
"""
_PAGE_TEXT = "SELECT text FROM pages WHERE document = ? AND number = ?"


class Records:
    """One library file, one connection; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. Raises LibraryError, as `ingest.schema.open_database` does."""
        self.path = path
        self._lock = threading.RLock()
        self._connection = open_database(path)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own that reads one state of the database, whoever writes."""
        with translated(self.path), closing(connect(self.path)) as connection:
            connection.execute("BEGIN")
            yield connection

    # What the library is

    def meta(self, key: str) -> str | None:
        """One fact about the library: its id ("library"), "embedder", "dimensions", "schema"."""
        rows = self._rows("SELECT value FROM meta WHERE key = ?", (key,))
        return rows[0][0] if rows else None

    @property
    def library_id(self) -> str:
        return self.meta("library") or ""

    def counts(self) -> dict[str, int]:
        """How many documents, failed ones among them, pages and chunks there are."""
        sql = (
            "SELECT (SELECT count(*) FROM documents), "
            "(SELECT count(*) FROM documents WHERE status = 'failed'), "
            "(SELECT count(*) FROM pages), (SELECT count(*) FROM chunks)"
        )
        names = ("documents", "failed", "pages", "chunks")
        return dict(zip(names, self._rows(sql)[0], strict=True))

    def holds_chunks(self) -> bool:
        return bool(self._rows("SELECT EXISTS (SELECT 1 FROM chunks)")[0][0])

    # Documents and pages

    def document(self, source: str) -> Document | None:
        rows = self._rows(f"{_DOCUMENTS} WHERE d.source = ?", (source,))
        return Document(*rows[0]) if rows else None

    def documents(self) -> list[Document]:
        """All documents, failed ones too, by source."""
        return [Document(*row) for row in self._rows(f"{_DOCUMENTS} ORDER BY d.source")]

    def sources(self, origin: str) -> list[str]:
        rows = self._rows(
            "SELECT source FROM documents WHERE origin = ? ORDER BY source", (origin,)
        )
        return [row[0] for row in rows]

    def hashes(self, origin: str) -> set[str]:
        """The hashes of the documents of an origin that could be read."""
        sql = "SELECT hash FROM documents WHERE origin = ? AND status = 'ok'"
        return {row[0] for row in self._rows(sql, (origin,))}

    def pages(self, source: str, number: int | None = None) -> list[Page]:
        """A document's pages in order, or the one of that number; [] where there is none."""
        sql, parameters = _PAGES, list[str | int]([source])
        if number is not None:
            sql, parameters = f"{_PAGES} AND p.number = ?", [source, number]
        return [page_from_row(row) for row in self._rows(f"{sql} ORDER BY p.number", parameters)]

    # What changed

    def seq(self) -> int:
        """The number of the last change; 0 for a library that never held a chunk."""
        return int(self._rows("SELECT coalesce(max(seq), 0) FROM changes")[0][0])

    def forgotten(self) -> int:
        """The last change that is not kept any more: what follows from there on can follow."""
        return int(self._rows("SELECT coalesce(min(seq), 1) FROM changes")[0][0]) - 1

    def changed(self, after: int, until: int) -> list[int]:
        """The chunk ids that came or went with the changes after one and up to another."""
        sql = "SELECT DISTINCT chunk FROM changes WHERE seq > ? AND seq <= ? ORDER BY chunk"
        return [row[0] for row in self._rows(sql, (after, until))]

    # Chunks

    def chunk_ids(self) -> list[int]:
        return [row[0] for row in self._rows("SELECT id FROM chunks ORDER BY id")]

    def last_chunk(self) -> int:
        """The highest chunk id; 0 where there is none."""
        return int(self._rows("SELECT coalesce(max(id), 0) FROM chunks")[0][0])

    def chunk_ids_after(self, after: int, limit: int) -> list[int]:
        """The next chunk ids after one, ascending."""
        sql = "SELECT id FROM chunks WHERE id > ? ORDER BY id LIMIT ?"
        return [row[0] for row in self._rows(sql, (after, limit))]

    def chunk_ids_among(self, ids: Sequence[int]) -> list[int]:
        """Those of the ids that exist, ascending."""
        rows = self._rows_in("SELECT id FROM chunks WHERE id IN ({}) ORDER BY id", ids)
        return [row[0] for row in rows]

    def chunk_vectors(self, ids: Sequence[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The ids that exist, ascending, their documents, and their vectors as float32 rows."""
        return self._chunk_vectors(self._rows_in(_CHUNK_VECTORS.format("c.id IN ({})"), ids))

    def chunk_vectors_after(
        self, after: int, limit: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `chunk_vectors`, of the next chunks after one."""
        sql = _CHUNK_VECTORS.format("c.id > ?")
        return self._chunk_vectors(self._rows(f"{sql} LIMIT ?", (after, limit)))

    def embeddings(self, ids: Sequence[int]) -> tuple[list[int], np.ndarray]:
        """The ids that exist, ascending, and their vectors as float32 rows in that order."""
        found, _, vectors = self.chunk_vectors(ids)
        return found.tolist(), vectors

    def passages(self, ids: Sequence[int]) -> list[Passage]:
        """The chunks that exist among these ids, ascending by id."""
        rows = self._rows_in(f"{_PASSAGES} WHERE c.id IN ({{}}) ORDER BY c.id", ids)
        passages: list[Passage] = []
        page, text = None, ""
        for row in rows:
            chunk, document, source, title, number, label, start, end, headings = row
            if (document, number) != page:  # neighbours share a page: read it once
                page = (document, number)
                found = self._rows(_PAGE_TEXT, page)
                text = found[0][0] if found else ""
            passages.append(
                Passage(
                    chunk_id=chunk,
                    document_id=document,
                    source=source,
                    title=title,
                    page=number,
                    label=label,
                    start=start,
                    end=end,
                    headings=tuple(json.loads(headings)),
                    text=text[start:end],
                )
            )
        return [passage for passage in passages if passage.text]  # else removed in between

    def neighbours(self, chunk: int, reach: int) -> list[ChunkSpan]:
        """A chunk between those before and behind it on its page, so many to each side, in order.

        [] if there is no such chunk.
        """
        return [ChunkSpan(*row) for row in self._rows(_NEIGHBOURS, (chunk, reach, reach))]

    # What filters ask

    def documents_where(self, filter: Filter) -> np.ndarray:
        """The ids of the documents that a filter lets through."""
        import numpy as np

        condition, parameters = conditions(filter)
        rows = self._rows(f"SELECT d.id FROM documents d WHERE {condition}", parameters)
        return np.array([row[0] for row in rows], dtype=np.int64)

    def traits(self, documents: Iterable[int]) -> dict[int, Traits]:
        """What filters ask of these documents, by their ids."""
        sql = f"SELECT d.id, {TRAITS} FROM documents d WHERE d.id IN ({{}})"
        return {row[0]: Traits(*row[1:]) for row in self._rows_in(sql, list(documents))}

    # How rows are asked for

    def _chunk_vectors(self, rows: list[Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        import numpy as np

        if len({len(row[2]) for row in rows}) > 1 or (rows and len(rows[0][2]) % 2):
            raise LibraryError(
                f"{self.path} holds vectors of several lengths. "
                f"Run: python ingest --doctor --fix --library {self.path.parent}"
            )
        halves = np.frombuffer(b"".join(row[2] for row in rows), dtype="<f2")
        vectors = halves.reshape(len(rows), -1 if rows else 0).astype(np.float32)
        ids = np.array([row[:2] for row in rows], dtype=np.int64).reshape(-1, 2)
        return ids[:, 0].copy(), ids[:, 1].copy(), vectors

    def _rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        with self._lock, translated(self.path):
            return self._connection.execute(sql, parameters).fetchall()

    def _rows_in(self, sql: str, keys: Sequence[Any]) -> list[Any]:
        rows: list[Any] = []
        for batch in _batches(sorted(set(keys))):
            rows += self._rows(sql.format(", ".join("?" * len(batch))), batch)
        return rows


def _batches(keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for first in range(0, len(keys), BATCH):
        yield keys[first : first + BATCH]
