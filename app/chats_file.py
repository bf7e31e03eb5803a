"""The SQLite file of the conversations: its tables, and opening one that is really ours.

It does not know what the rows mean; that is `app.chats`.
"""

from __future__ import annotations

import sqlite3
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.errors import ChatsError
from ingest.schema import transaction

VERSION = 2
APPLICATION = 0x4B764368  # "KvCh", in the file's header
BUSY_TIMEOUT_S = 10.0

TABLES = (
    """
    CREATE TABLE chats (
        id TEXT PRIMARY KEY,
        person TEXT NOT NULL,
        title TEXT NOT NULL,
        created_at REAL NOT NULL,
        changed_at REAL NOT NULL,
        deleted_at REAL,
        choice TEXT NOT NULL DEFAULT ''
    )
    """,
    """
    CREATE TABLE entries (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        chat TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
        kind TEXT NOT NULL CHECK (kind IN ('turn', 'delivery')),
        question TEXT NOT NULL,
        state TEXT NOT NULL,
        answer TEXT NOT NULL,
        details TEXT NOT NULL,
        asked_at REAL NOT NULL,
        owner TEXT NOT NULL,
        stopping INTEGER NOT NULL DEFAULT 0,
        replaced_at REAL,
        thumb INTEGER,
        comment TEXT NOT NULL DEFAULT ''
    )
    """,
    "CREATE INDEX entries_by_chat ON entries (chat, seq)",
    "CREATE INDEX chats_by_change ON chats (person, changed_at)",
)
"""`owner` is the process that writes an entry until its `state` is final; `stopping` asks it to
end. An entry with `replaced_at` has given way to another version and is kept with its feedback.
`choice` is which documents a conversation may use, "" for all; files of version 1 have none.
"""


def open_file(path: Path | None) -> sqlite3.Connection:
    """A connection to the file, created where there is none; without a path, one in memory.

    Raises ChatsError for a file that is damaged, cannot be written, is something else, or was
    written by a newer Kvasir.
    """
    name = str(path or ":memory:")
    with translated(name):
        connection = sqlite3.connect(
            name, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            connection.create_function("folded", 1, folded, deterministic=True)
            _prepare(connection, name)
        except BaseException:
            connection.close()
            raise
    return connection


def folded(text: str) -> str:
    """A text as it is compared in a search: case and width do not matter."""
    return unicodedata.normalize("NFKC", text).casefold()


@contextmanager
def translated(name: str) -> Iterator[None]:
    """SQLite's exceptions as a ChatsError of one line; a misuse of SQLite stays what it is."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise ChatsError(f"{name} cannot be used: {error}") from error
    except (sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.NotSupportedError):
        raise
    except sqlite3.DatabaseError as error:
        raise ChatsError(f"{name} is damaged: {error}") from error


def _prepare(connection: sqlite3.Connection, name: str) -> None:
    # What is deleted is to be gone; a power cut may cost the last second, which is no harm here.
    for pragma in ("foreign_keys = ON", "secure_delete = ON", "synchronous = NORMAL"):
        connection.execute(f"PRAGMA {pragma}")
    if _is_empty(connection):
        _write_ahead(connection)
    with transaction(connection):  # also tells whether the file can be written
        if _is_empty(connection):  # nobody else was faster
            for statement in TABLES:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
    _check(connection, name)
    if _pragma(connection, "user_version") != VERSION:
        _migrate(connection)


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring a file of version 1 up to date; an older process that has it open can go on."""
    with transaction(connection):
        if _pragma(connection, "user_version") == 1:  # nobody else was faster
            connection.execute("ALTER TABLE chats ADD COLUMN choice TEXT NOT NULL DEFAULT ''")
            connection.execute(f"PRAGMA user_version = {VERSION}")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on; SQLite does not wait for another process that is just at it."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _check(connection: sqlite3.Connection, name: str) -> None:
    if _pragma(connection, "application_id") != APPLICATION:
        raise ChatsError(f"{name} is a SQLite file, but does not hold Kvasir's conversations")
    version = _pragma(connection, "user_version")
    if version not in range(1, VERSION + 1):
        raise ChatsError(
            f"{name} was written by a newer Kvasir (its schema is {version}, this one reads "
            f"{VERSION})"
        )
    found = _pragma(connection, "quick_check(1)")
    if found != "ok":
        raise ChatsError(f"{name} is damaged: {str(found).splitlines()[-1]}")


def _pragma(connection: sqlite3.Connection, pragma: str) -> object:
    return connection.execute(f"PRAGMA {pragma}").fetchone()[0]


def _is_empty(connection: sqlite3.Connection) -> bool:
    found = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(found[0] == 0)
