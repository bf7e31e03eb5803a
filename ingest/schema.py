"""The library's SQLite file: its tables, and opening one that is really ours.

It does not know what the rows mean; that is `ingest.store`.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ingest.errors import LibraryError
from ingest.migrate import back_up, migrate_from_1, migrate_from_2

VERSION = 3
"""The schema's version; an older library is migrated, a newer one refused."""

BUSY_TIMEOUT_S = 30.0

_META = "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"

TABLES = """
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL UNIQUE,
    origin TEXT NOT NULL CHECK (origin IN ('path', 'upload', 'loader')),
    format TEXT NOT NULL,
    title TEXT NOT NULL,
    hash TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('ok', 'failed')),
    error TEXT NOT NULL,
    added_at TEXT NOT NULL,
    language TEXT NOT NULL DEFAULT '',
    metadata TEXT NOT NULL DEFAULT ''
);
CREATE INDEX documents_by_hash ON documents (hash);
CREATE TABLE pages (
    document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    label TEXT NOT NULL,
    text TEXT NOT NULL,
    headings TEXT NOT NULL,
    PRIMARY KEY (document, number)
);
CREATE TABLE vectors (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    embedding BLOB NOT NULL
);
CREATE TABLE drafts (digest BLOB PRIMARY KEY, embedding BLOB NOT NULL);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    page INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    headings TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    vector INTEGER NOT NULL REFERENCES vectors (id),
    UNIQUE (document, ordinal)
);
CREATE INDEX chunks_by_vector ON chunks (vector);
CREATE TABLE changes (seq INTEGER PRIMARY KEY AUTOINCREMENT, chunk INTEGER NOT NULL);
CREATE TRIGGER chunk_added AFTER INSERT ON chunks
    BEGIN INSERT INTO changes (chunk) VALUES (new.id); END;
CREATE TRIGGER chunk_removed AFTER DELETE ON chunks
    BEGIN INSERT INTO changes (chunk) VALUES (old.id); END;
"""
"""Everything but `meta`, which stays as it is through all versions.

`vectors` holds one row for each text that chunks embed, `drafts` those of documents that are not
committed yet: what an interrupted run need not embed again.
"""


def open_database(path: Path) -> sqlite3.Connection:
    """A connection to the library file, created with its tables where there is none.

    Raises LibraryError for a file that is no library, one of a newer Kvasir, or a folder that
    cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(
            f"{path.parent} cannot be made a library folder: {error.strerror or error}"
        ) from error
    with translated(path):
        connection = connect(path)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def connect(path: Path) -> sqlite3.Connection:
    """A bare connection with the library's settings; transactions are begun by hand."""
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    # FULL, because a commit lost with the power would let the derived indexes run ahead.
    connection.executescript("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;")
    return connection


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's exceptions as a LibraryError of one line."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise LibraryError(f"{path} cannot be used: {error}") from error
    except sqlite3.DatabaseError as error:
        raise LibraryError(
            f"{path} is not a Kvasir library or is damaged ({error}). Move it away and ingest again"
        ) from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    if _is_empty(connection):
        connection.execute("PRAGMA journal_mode = WAL")
        with transaction(connection):
            if _is_empty(connection):  # nobody else was faster
                _create(connection)
    version = _version(connection)
    if version is None:
        raise LibraryError(f"{path} is a SQLite file, but not a Kvasir library")
    if version > VERSION:
        raise LibraryError(
            f"{path} was written by a newer Kvasir (its schema is {version}, this one reads "
            f"{VERSION}). Update Kvasir"
        )
    if version < VERSION:
        _migrate(connection, path, version)


def _migrate(connection: sqlite3.Connection, path: Path, version: int) -> None:
    back_up(connection, path, version)
    connection.execute("PRAGMA foreign_keys = OFF")  # tables move; it has no effect later
    with transaction(connection):
        if _version(connection) == version:  # nobody else was faster
            if version == 1:
                migrate_from_1(connection, _statements(TABLES))
            else:
                migrate_from_2(connection)
            connection.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (str(VERSION),))
            if connection.execute("PRAGMA foreign_key_check").fetchone():
                raise LibraryError(f"{path} is damaged: some of its rows belong to nothing")
    connection.execute("PRAGMA foreign_keys = ON")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One transaction for writing, undone on any exception."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _is_empty(connection: sqlite3.Connection) -> bool:
    with closing(connection.execute("SELECT count(*) FROM sqlite_master")) as cursor:
        return bool(cursor.fetchone()[0] == 0)


def _create(connection: sqlite3.Connection) -> None:
    for statement in [_META, *_statements(TABLES)]:
        connection.execute(statement)
    connection.executemany(
        "INSERT INTO meta VALUES (?, ?)", [("schema", str(VERSION)), ("library", uuid.uuid4().hex)]
    )


def _statements(script: str) -> list[str]:
    """The script's statements: `executescript` would end the transaction."""
    statements = [""]
    for line in script.splitlines(keepends=True):
        statements[-1] += line
        if sqlite3.complete_statement(statements[-1]):
            statements.append("")
    return statements[:-1]


def _version(connection: sqlite3.Connection) -> int | None:
    try:
        with closing(connection.execute("SELECT value FROM meta WHERE key = 'schema'")) as cursor:
            row = cursor.fetchone()
        return int(row[0]) if row else None
    except (sqlite3.OperationalError, ValueError):
        return None
