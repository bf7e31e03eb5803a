"""What must hold of every document in the library's database, whatever happened before.

It reads one connection's snapshot and knows the tables; `ingest.doctor` says it to people.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ingest.digest import digest
from ingest.split import Chunk, embedding_text

NOT_UNIT = 0.01  # how far from 1 a vector's length may be: it is rounded to float16

_DOCUMENTS = "SELECT id, source, status FROM documents ORDER BY source"
_CHUNKS = """
SELECT c.ordinal, c.page, c.start, c.end, c.headings, p.text, v.digest, v.embedding
FROM chunks c LEFT JOIN pages p ON p.document = c.document AND p.number = c.page
    LEFT JOIN vectors v ON v.id = c.vector
WHERE c.document = ? ORDER BY c.ordinal
"""
_PAGES = "SELECT number, text FROM pages WHERE document = ? ORDER BY number"
_ORPHANS = {
    "pages of no document": "SELECT count(*) FROM pages WHERE document NOT IN "
    "(SELECT id FROM documents)",
    "chunks of no document": "SELECT count(*) FROM chunks WHERE document NOT IN "
    "(SELECT id FROM documents)",
    "vectors of no chunk": "SELECT count(*) FROM vectors v WHERE NOT EXISTS "
    "(SELECT 1 FROM chunks WHERE vector = v.id)",
}


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a document, and the digests of its vectors that cannot be trusted."""

    document: int
    source: str
    problem: str
    vectors: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class _Row:
    ordinal: int
    page: int
    start: int
    end: int
    headings: str
    text: str | None
    digest: bytes | None
    embedding: bytes | None


def damage(connection: sqlite3.Connection) -> list[str]:
    """What SQLite itself finds wrong with the file: broken pages, indexes, references."""
    found = [row[0] for row in connection.execute("PRAGMA quick_check(20)")]
    return [] if found == ["ok"] else found


def orphans(connection: sqlite3.Connection) -> Iterator[str]:
    """Rows that belong to nothing."""
    for what, sql in _ORPHANS.items():
        (count,) = connection.execute(sql).fetchone()
        if count:
            yield f"{count} {what}"


def documents(connection: sqlite3.Connection) -> list[tuple[int, str, str]]:
    """Every document's id, source and status, by source."""
    return connection.execute(_DOCUMENTS).fetchall()


def troubles(
    connection: sqlite3.Connection, document: tuple[int, str, str], embedder: str, dimensions: int
) -> Iterator[Trouble]:
    """What is wrong with one document's pages, spans and vectors."""
    id, source, status = document
    pages = dict(connection.execute(_PAGES, (id,)))
    rows = [_Row(*row) for row in connection.execute(_CHUNKS, (id,))]
    if status == "failed":
        if pages or rows:
            yield Trouble(id, source, "it could not be read, and has text all the same")
        return
    if not rows:
        yield Trouble(id, source, "it has no chunks" if pages else "it has no pages")
        return
    if [row.ordinal for row in rows] != list(range(len(rows))):
        yield Trouble(id, source, "some of its chunks are missing")
    for problem in _spans(pages, rows):
        yield Trouble(id, source, problem)
    bad = [row for row in rows if not _is_unit(row.embedding, dimensions)]
    if bad:
        digests = tuple(row.digest for row in bad if row.digest)
        yield Trouble(id, source, f"{len(bad)} of its vectors are damaged or missing", digests)
    others = [row for row in rows if row.digest and not _is_of_its_text(row, embedder)]
    if others:
        digests = tuple(row.digest for row in others if row.digest)
        yield Trouble(id, source, f"{len(others)} of its vectors are of other texts", digests)


def _spans(pages: dict[int, str], rows: Sequence[_Row]) -> Iterator[str]:
    """Every character that is not white space lies in exactly one chunk."""
    if any(row.page not in pages for row in rows):
        yield "some of its chunks are on pages that it has not"
    for number, text in pages.items():
        spans = sorted((row.start, row.end) for row in rows if row.page == number)
        if any(not 0 <= start < end <= len(text) for start, end in spans):
            yield f"page {number} has chunks beyond its text"
            continue
        starts = [start for start, _ in spans] + [len(text)]
        ends = [0] + [end for _, end in spans]
        if any(end > start for start, end in zip(starts, ends, strict=True)):
            yield f"page {number} has chunks that overlap"
        elif any(text[end:start].strip() for start, end in zip(starts, ends, strict=True)):
            yield f"page {number} has text in no chunk"


def _is_unit(embedding: bytes | None, dimensions: int) -> bool:
    if embedding is None or len(embedding) != 2 * dimensions:
        return False
    vector = np.frombuffer(embedding, "<f2").astype(np.float32)
    return bool(abs(float(np.linalg.norm(vector)) - 1) < NOT_UNIT)


def _is_of_its_text(row: _Row, embedder: str) -> bool:
    """Whether the vector is kept under the digest of this chunk's text."""
    if row.text is None:
        return True  # that its page is missing is said already
    headings = tuple(json.loads(row.headings))
    chunk = Chunk(row.page, row.start, row.end, row.text[row.start : row.end], headings)
    return row.digest == digest(embedder, embedding_text(chunk))
