"""Older libraries into the present schema: backed up first, then changed in one transaction.

It knows the schemas that were; `ingest.schema` knows the one that is.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from ingest.digest import digest
from ingest.language import SAMPLE, language_of
from ingest.split import Chunk, embedding_text

_TABLES = ("documents", "pages", "chunks", "changes")
_V1_DOCUMENT = "id, source, origin, format, title, hash, size, mtime_ns, status, error, added_at"
_V1_CHUNKS = """
SELECT c.id, c.document, c.page, c.ordinal, c.start, c.end, c.headings, c.tokens, c.embedding,
    p.text
FROM old_chunks c JOIN old_pages p ON p.document = c.document AND p.number = c.page
ORDER BY c.document, c.ordinal
"""


def back_up(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """A whole copy of the library file beside it, named after its schema; gives its path."""
    copy = path.with_name(f"{path.stem}.v{version}.db")
    draft = copy.with_name(f".{copy.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        connection.execute("VACUUM INTO ?", (str(draft),))
        os.replace(draft, copy)
    finally:
        draft.unlink(missing_ok=True)
    return copy


def migrate_from_1(connection: sqlite3.Connection, tables: list[str]) -> None:
    """Schema 1 to 3: vectors in a table of their own, one for each text that is embedded.

    Inside a transaction, with foreign keys off; `tables` are the statements that make the new
    tables.
    """
    for trigger in ("chunk_added", "chunk_removed"):
        connection.execute(f"DROP TRIGGER {trigger}")
    for table in _TABLES:
        connection.execute(f"ALTER TABLE {table} RENAME TO old_{table}")
    for statement in tables:
        connection.execute(statement)
    connection.execute(
        f"INSERT INTO documents ({_V1_DOCUMENT}) SELECT {_V1_DOCUMENT} FROM old_documents"
    )
    connection.execute(
        "INSERT INTO pages SELECT document, number, label, text, headings FROM old_pages"
    )
    found = connection.execute("SELECT value FROM meta WHERE key = 'embedder'").fetchone()
    for row in _rows(connection, _V1_CHUNKS):
        _insert_chunk(connection, found[0] if found else "", row)
    connection.execute("DELETE FROM changes")  # those of this very transaction
    connection.execute("INSERT INTO changes SELECT seq, chunk FROM old_changes")
    for table in ("documents", "chunks", "changes"):  # ids are never given twice
        connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        connection.execute(
            "UPDATE sqlite_sequence SET name = ? WHERE name = ?", (table, f"old_{table}")
        )
    for table in reversed(_TABLES):
        connection.execute(f"DROP TABLE old_{table}")
    _tell_languages(connection)


def migrate_from_2(connection: sqlite3.Connection) -> None:
    """Schema 2 to 3: each document's language, and what was given with it. In a transaction."""
    connection.execute("ALTER TABLE documents ADD COLUMN language TEXT NOT NULL DEFAULT ''")
    connection.execute("ALTER TABLE documents ADD COLUMN metadata TEXT NOT NULL DEFAULT ''")
    _tell_languages(connection)


def _tell_languages(connection: sqlite3.Connection) -> None:
    pages = "SELECT substr(text, 1, ?) FROM pages WHERE document = ? ORDER BY number LIMIT 20"
    for (document,) in connection.execute("SELECT id FROM documents").fetchall():
        language = language_of(row[0] for row in connection.execute(pages, (SAMPLE, document)))
        connection.execute("UPDATE documents SET language = ? WHERE id = ?", (language, document))


def _insert_chunk(connection: sqlite3.Connection, embedder: str, row: tuple[Any, ...]) -> None:
    chunk, document, page, ordinal, start, end, headings, tokens, embedding, text = row
    whole = Chunk(page, start, end, text[start:end], tuple(json.loads(headings)))
    key = digest(embedder, embedding_text(whole))
    connection.execute(
        "INSERT OR IGNORE INTO vectors (digest, embedding) VALUES (?, ?)", (key, embedding)
    )
    connection.execute(
        "INSERT INTO chunks (id, document, page, ordinal, start, end, headings, tokens, vector) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT id FROM vectors WHERE digest = ?))",
        (chunk, document, page, ordinal, start, end, headings, tokens, key),
    )


def _rows(connection: sqlite3.Connection, sql: str) -> Iterator[tuple[Any, ...]]:
    with closing(connection.execute(sql)) as cursor:
        yield from cursor
