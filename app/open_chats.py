"""Opening the conversations of a library, whatever has become of their file.

A file that cannot be used is left as it is, and a new one begun beside it: nothing is lost.
"""

from __future__ import annotations

from pathlib import Path

from app.chats import Chats
from app.errors import ChatsError

TRIES = 9


def open_chats(folder: Path) -> tuple[Chats, str]:
    """The first file of conversations that can be used, and why it is not chats.db, or "".

    Files are tried in the order chats.db, chats-2.db and so on; where none can be written,
    conversations are kept in memory.
    """
    trouble = ""
    for number in range(1, TRIES + 1):
        path = folder / ("chats.db" if number == 1 else f"chats-{number}.db")
        try:
            chats = Chats(path)
        except ChatsError as error:
            trouble = trouble or str(error)
        else:
            return chats, f"{trouble}. Conversations are kept in {path.name}" if trouble else ""
    return Chats(None), f"{trouble}. Conversations are kept until the chat is ended"
