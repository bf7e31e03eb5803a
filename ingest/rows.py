"""One document's rows: written to and read from an open SQLite transaction.

It knows the tables and nothing of who asks; `ingest.store` owns connections and transactions.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from ingest.document import FileFacts
from ingest.page import Heading, Page
from ingest.split import Chunk


def delete_document(connection: sqlite3.Connection, source: str) -> None:
    """Remove a document and all it holds; nothing happens where there is none."""
    for (document,) in connection.execute("SELECT id FROM documents WHERE source = ?", (source,)):
        # By hand, so that the trigger notes each of them whatever SQLite does for cascades.
        delete_chunks(connection, document)
    connection.execute("DELETE FROM documents WHERE source = ?", (source,))


def delete_chunks(connection: sqlite3.Connection, document: int) -> None:
    """Remove a document's chunks; its pages stay, and so do vectors: see `sweep_vectors`."""
    connection.execute("DELETE FROM chunks WHERE document = ?", (document,))


def vectors_of(connection: sqlite3.Connection, source: str) -> list[int]:
    """The vectors that a document's chunks have."""
    sql = (
        "SELECT DISTINCT c.vector FROM chunks c JOIN documents d ON d.id = c.document "
        "WHERE d.source = ?"
    )
    return [row[0] for row in connection.execute(sql, (source,))]


def sweep_vectors(connection: sqlite3.Connection, vectors: Iterable[int]) -> None:
    """Remove those of the vectors that no chunk has any more."""
    connection.executemany(
        "DELETE FROM vectors WHERE id = ? "
        "AND NOT EXISTS (SELECT 1 FROM chunks WHERE vector = vectors.id)",
        ((vector,) for vector in vectors),
    )


def sweep_all_vectors(connection: sqlite3.Connection) -> None:
    """Remove every vector that no chunk has."""
    connection.execute(
        "DELETE FROM vectors WHERE NOT EXISTS (SELECT 1 FROM chunks WHERE vector = vectors.id)"
    )


def sharing_vectors(connection: sqlite3.Connection, sources: Iterable[str]) -> set[str]:
    """The sources, and those of all documents that have a vector in common with one of them."""
    shared = set(sources)
    sql = (
        "SELECT DISTINCT d.source FROM chunks c JOIN documents d ON d.id = c.document "
        "WHERE c.vector = ?"
    )
    for source in list(shared):
        for vector in vectors_of(connection, source):
            shared.update(row[0] for row in connection.execute(sql, (vector,)))
    return shared


def insert_document(
    connection: sqlite3.Connection,
    facts: FileFacts,
    *,
    format: str,
    title: str,
    error: str,
    language: str = "",
) -> int:
    """Add a document without pages, failed if there is an error, and give its id."""
    cursor = connection.execute(
        "INSERT INTO documents (source, origin, format, title, hash, size, mtime_ns, status, "
        "error, added_at, language, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
            language,
            facts.metadata,
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
    connection: sqlite3.Connection,
    document: int,
    chunks: Sequence[Chunk],
    digests: Sequence[bytes],
    fresh: Mapping[bytes, bytes],
) -> None:
    """Add a document's chunks, each with the vector of its digest.

    That is one that the library has, one of `fresh` (float16, little-endian), or a draft.
    """
    for ordinal, (chunk, key) in enumerate(zip(chunks, digests, strict=True)):
        connection.execute(
            "INSERT INTO chunks (document, page, ordinal, start, end, headings, tokens, vector) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document,
                chunk.page,
                ordinal,
                chunk.start,
                chunk.end,
                json.dumps(chunk.headings, ensure_ascii=False),
                chunk.tokens,
                _vector(connection, key, fresh),
            ),
        )


def _vector(connection: sqlite3.Connection, key: bytes, fresh: Mapping[bytes, bytes]) -> int:
    known = connection.execute("SELECT id FROM vectors WHERE digest = ?", (key,)).fetchone()
    if known:
        return int(known[0])
    if key in fresh:
        sql, row = "INSERT INTO vectors (digest, embedding) VALUES (?, ?)", (key, fresh[key])
        return int(connection.execute(sql, row).lastrowid or 0)
    draft = "INSERT INTO vectors (digest, embedding) SELECT * FROM drafts WHERE digest = ?"
    return int(connection.execute(draft, (key,)).lastrowid or 0)


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
