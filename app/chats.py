"""The conversations that are kept: their entries, titles and feedback, in one SQLite file.

It does not know what answers or files are: an entry's details are text to it. Several processes
may use one file, and several threads one object.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any, Literal

from app.chats_file import folded, open_file, translated
from ingest.schema import transaction

UNDO_S = 600.0
"""Deleted conversations can be had back for so long; after it they leave the file."""

_COLUMNS = "id, kind, question, state, answer, details, asked_at, owner, thumb, comment"


@dataclass(frozen=True)
class Row:
    """An entry as it is kept. `details` is JSON; `owner` is the process that fills it in."""

    id: str
    kind: Literal["turn", "delivery"]
    question: str
    state: str
    answer: str
    details: str
    asked_at: float
    owner: str
    thumb: int | None = None
    comment: str = ""


@dataclass(frozen=True)
class ChatLine:
    """A conversation in the list."""

    id: str
    title: str
    created_at: float
    changed_at: float


class Chats:
    """One file of conversations; without a path, they are kept in memory alone.

    Each has a `person`, "" where nobody signs in, and nobody sees another's. Raises ChatsError.
    """

    def __init__(self, path: Path | None, now: Callable[[], float] = time.time) -> None:
        self.path = path
        self._now = now
        self._lock = RLock()
        self._connection = open_file(path)
        self._purge()

    def close(self) -> None:
        """Let go of the file; closing twice is harmless."""
        with self._lock:
            self._connection.close()

    # The list

    def listed(self, person: str = "", search: str = "", limit: int = 50) -> list[ChatLine]:
        """The conversations that were last asked in first, whose title or text has all words."""
        words = folded(search).split()
        text = "question || char(10) || answer"
        found = (
            "(instr(folded(title), ?) OR EXISTS (SELECT 1 FROM entries WHERE chat = chats.id "
            f"AND replaced_at IS NULL AND instr(folded({text}), ?)))"
        )
        sql = (
            "SELECT id, title, created_at, changed_at FROM chats "
            f"WHERE person = ? AND deleted_at IS NULL {f'AND {found} ' * len(words)}"
            "ORDER BY changed_at DESC, id LIMIT ?"
        )
        twice = [word for word in words for _ in range(2)]
        return [ChatLine(*row) for row in self._rows(sql, person, *twice, limit)]

    def title(self, chat: str, person: str = "") -> str | None:
        """A conversation's title; None where there is none such, or it is another's or deleted."""
        sql = "SELECT title FROM chats WHERE id = ? AND person = ? AND deleted_at IS NULL"
        rows = self._rows(sql, chat, person)
        return str(rows[0][0]) if rows else None

    def choice(self, chat: str) -> str:
        """Which documents a conversation may use, as `choose` was told; "" for all."""
        rows = self._rows("SELECT choice FROM chats WHERE id = ?", chat)
        return str(rows[0][0]) if rows else ""

    def choose(self, chat: str, choice: str) -> None:
        """Keep which documents a conversation may use; nothing for one that is not kept yet."""
        self._write("UPDATE chats SET choice = ? WHERE id = ?", choice, chat)

    def rename(self, chat: str, title: str) -> None:
        """Give a conversation another title."""
        self._write("UPDATE chats SET title = ? WHERE id = ?", title, chat)

    def delete(self, chat: str) -> None:
        """Take a conversation off the list; `restore` brings it back within UNDO_S."""
        self._purge()
        self._write("UPDATE chats SET deleted_at = ? WHERE id = ?", self._now(), chat)

    def restore(self, chat: str) -> None:
        """Put a deleted conversation back on the list."""
        self._write("UPDATE chats SET deleted_at = NULL WHERE id = ?", chat)

    # Entries

    def entries(self, chat: str) -> list[Row]:
        """A conversation's entries in order, without those that were replaced."""
        sql = f"SELECT {_COLUMNS} FROM entries WHERE chat = ? AND replaced_at IS NULL ORDER BY seq"
        return [Row(*row) for row in self._rows(sql, chat)]

    def entry(self, entry: str) -> Row | None:
        """One entry by its id, be it replaced."""
        rows = self._rows(f"SELECT {_COLUMNS} FROM entries WHERE id = ?", entry)
        return Row(*rows[0]) if rows else None

    def latest(self, limit: int) -> list[Row]:
        """The questions of everybody that were answered last, the last one first."""
        sql = (
            f"SELECT {_COLUMNS} FROM entries WHERE kind = 'turn' AND state = 'done' "
            "ORDER BY seq DESC LIMIT ?"
        )
        return [Row(*row) for row in self._rows(sql, limit)]

    def add(self, chat: str, row: Row, *, title: str, person: str = "", choice: str = "") -> None:
        """Put an entry at a conversation's end; a new conversation gets the title and the choice.

        A deleted one that somebody still asks in is there again.
        """
        now = self._now()
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO chats (id, person, title, created_at, changed_at, choice) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) "
                "DO UPDATE SET changed_at = excluded.changed_at, deleted_at = NULL",
                (chat, person, title, now, now, choice),
            )
            connection.execute(
                f"INSERT INTO entries (chat, {_COLUMNS}) VALUES (?, {', '.join('?' * 10)})",
                (chat, *_values(row)),
            )

    def update(self, row: Row) -> bool:
        """Write how far an entry has come; gives whether somebody asked it to stop.

        One that is gone meanwhile stays gone. Feedback is not touched.
        """
        found = self._write(
            "UPDATE entries SET question = ?, state = ?, answer = ?, details = ?, owner = ? "
            "WHERE id = ? RETURNING stopping",
            *(row.question, row.state, row.answer, row.details, row.owner, row.id),
        )
        return bool(found and found[0][0])

    def replace_from(self, chat: str, entry: str) -> None:
        """Set an entry and all behind it aside: another version comes in their place."""
        self._write(
            "UPDATE entries SET replaced_at = ? WHERE chat = ? AND replaced_at IS NULL "
            "AND seq >= (SELECT seq FROM entries WHERE id = ?)",
            *(self._now(), chat, entry),
        )

    def rate(self, entry: str, thumb: int | None, comment: str) -> None:
        """Keep what somebody thinks of an answer: 1 is good, 0 bad, None neither."""
        self._write("UPDATE entries SET thumb = ?, comment = ? WHERE id = ?", thumb, comment, entry)

    def ask_to_stop(self, entry: str) -> None:
        """Have the process that writes an entry end it at its next `update`."""
        self._write("UPDATE entries SET stopping = 1 WHERE id = ?", entry)

    # Below

    def _purge(self) -> None:
        self._write("DELETE FROM chats WHERE deleted_at < ?", self._now() - UNDO_S)

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock, translated(self._name):
            return self._connection.execute(sql, values).fetchall()

    def _write(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._transaction() as connection:
            return connection.execute(sql, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, translated(self._name), transaction(self._connection):
            yield self._connection

    @property
    def _name(self) -> str:
        return str(self.path or "memory")


def _values(row: Row) -> tuple[object, ...]:
    return (
        *(row.id, row.kind, row.question, row.state, row.answer),
        *(row.details, row.asked_at, row.owner, row.thumb, row.comment),
    )
