"""All conversations of one library: the list, and those that are open in this process."""

from __future__ import annotations

from threading import RLock
from weakref import WeakValueDictionary

from app.chats import Chats
from app.conversation import Conversation, Turn
from app.kept import choice_in, clean, entry_of, is_final
from app.owner import lives, me
from app.talk import Talk


class Talks:
    """`chats` keeps them; `trouble` is a line for people where their file could not be used.

    A conversation is open as long as a tab shows it or work on it goes on.
    """

    def __init__(self, chats: Chats, trouble: str = "") -> None:
        self.chats = chats
        self.trouble = trouble
        self._open: WeakValueDictionary[str, Talk] = WeakValueDictionary()
        self._lock = RLock()

    def begin(self, person: str = "") -> Talk:
        """A new conversation; it is kept from its first entry on."""
        talk = Talk(Conversation(), self.chats, person)
        with self._lock:
            self._open[talk.id] = talk
        return talk

    def open(self, chat: str, person: str = "") -> Talk | None:
        """A conversation with all that goes on in it; None where this person has none such.

        Raises ChatsError.
        """
        with self._lock:
            title = self.chats.title(clean(chat), person)
            if title is None:
                return None
            talk = self._open.get(chat)
            if talk is None:
                talk = self._open[chat] = self._read(chat, title, person)
            return talk

    def read(self, chat: str, person: str = "") -> Conversation | None:
        """A conversation as it is kept at this moment, apart from the open one."""
        title = self.chats.title(clean(chat), person)
        if title is None:
            return None
        entries = [entry_of(row) for row in self.chats.entries(chat)]
        return Conversation(entries, chat, title, choice_in(self.chats.choice(chat)))

    def delete(self, chat: str) -> None:
        """Stop what goes on in a conversation and take it off the list. Raises ChatsError."""
        with self._lock:
            talk = self._open.get(chat)
        if talk:
            talk.stop()
        self.chats.delete(chat)

    def _read(self, chat: str, title: str, person: str) -> Talk:
        """What nobody writes any more, because its process has ended, is stopped."""
        choice = choice_in(self.chats.choice(chat))
        conversation, elsewhere = Conversation([], chat, title, choice), set()
        for row in self.chats.entries(chat):
            entry = entry_of(row)
            if isinstance(entry, Turn) and not is_final(row):
                if row.owner != me() and lives(row.owner):
                    elsewhere.add(entry.id)
                else:
                    entry.answer.state = "stopped"
            conversation.entries.append(entry)
        return Talk(conversation, self.chats, person, frozenset(elsewhere))
