"""One document's rows: written to and read from an open SQLite transaction.

It knows the tables and nothing of who asks; `ingest.store` owns connections and transactions.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ingest.document import FileFacts
from ingest.page import Heading, Page
from ingest.split import Chunk

if TYPE_CHECKING:
    import numpy as np


def delete_document(connection: sqlite3.Connection, source: str) -> None:
    """Remove a document and all it holds; nothing happens where there is none."""
    for (document,) in connection.execute("SELECT id FROM documents WHERE source = ?", (source,)):
        # By hand, so that the trigger notes each of them whatever SQLite does for cascades.
        delete_chunks(connection, document)
    connection.execute("DELETE FROM documents WHERE source = ?", (source,))


def delete_chunks(connection: sqlite3.Connection, document: int) -> None:
    """Remove a document's chunks; its pages stay."""
    connection.execute("DELETE FROM chunks WHERE document = ?", (document,))


def insert_document(
    connection: sqlite3.Connection, facts: FileFacts, *, format: str, title: str, error: str
) -> int:
    """Add a document without pages, failed if there is an error, and give its id."""
    cursor = connection.execute(
        "INSERT INTO documents (source, origin, format, title, hash, size, mtime_ns, status, "
        "error, added_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            facts.source,
            facts.origin,
            format,
            title,
            facts.hash,
            facts.size,
            facts.mtime_ns,
            "failed" if error else "ok",
            error,
            datetime.now(UTC).isoformat(timespec="seconds"),
        ),
    )
    return int(cursor.lastrowid or 0)


def insert_pages(connection: sqlite3.Connection, document: int, pages: Iterable[Page]) -> None:
    """Add a document's pages."""
    connection.executemany(
        "INSERT INTO pages (document, number, label, text, headings) VALUES (?, ?, ?, ?, ?)",
        ((document, p.number, p.label, p.text, _headings_to_json(p.headings)) for p in pages),
    )


def insert_chunks(
    connection: sqlite3.Connection, document: int, chunks: Sequence[Chunk], vectors: np.ndarray
) -> None:
    """Add a document's chunks with their vectors, row by row in the same order."""
    halves = vectors.astype("<f2")
    connection.executemany(
        "INSERT INTO chunks (document, page, ordinal, start, end, headings, tokens, embedding) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                document,
                chunk.page,
                ordinal,
                chunk.start,
                chunk.end,
                json.dumps(chunk.headings, ensure_ascii=False),
                chunk.tokens,
                half.tobytes(),
            )
            for ordinal, (chunk, half) in enumerate(zip(chunks, halves, strict=True))
        ),
    )


def set_embedder(connection: sqlite3.Connection, name: str, dimensions: int) -> None:
    """Record whose vectors the chunks carry."""
    connection.executemany(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [("embedder", name), ("dimensions", str(dimensions))],
    )


def page_from_row(row: tuple[int, str, str, str]) -> Page:
    """A page from number, text, label and headings."""
    number, text, label, headings = row
    return Page(number, text, label, tuple(Heading(*heading) for heading in json.loads(headings)))


def _headings_to_json(headings: Sequence[Heading]) -> str:
    return json.dumps([[h.start, h.level, h.title] for h in headings], ensure_ascii=False)
