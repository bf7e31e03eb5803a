"""A conversation that is open in this process: its entries, the work on them, and their keeping.

All tabs that show a conversation share one of these, so that an answer goes on when a tab is
closed and is found by the next. It does not know Streamlit.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock

from app.chats import Chats
from app.choice import Choice
from app.conversation import Conversation, Delivery, Turn
from app.errors import ChatsError
from app.following import Following
from app.gate import Gate
from app.job import Job
from app.kept import choice_text, clean, row_of
from app.reply import Reply
from app.uploads import Uploads
from chains import RagChain
from ingest.upload import upload_source

LONGEST_TITLE = 60


class Talk:
    """`trouble` is why the last change could not be kept, "" if it was: it is kept with the next.

    `elsewhere` are the turns that another process is writing.
    """

    def __init__(
        self,
        conversation: Conversation,
        chats: Chats,
        person: str = "",
        elsewhere: frozenset[str] = frozenset(),
    ) -> None:
        self.conversation = conversation
        self.person = person
        self.trouble = ""
        self._chats = chats
        self._jobs: dict[str, Job] = {
            entry.id: Following(entry, chats)
            for entry in conversation.entries
            if isinstance(entry, Turn) and entry.id in elsewhere
        }
        for job in self._jobs.values():
            job.start()
        self._kept = {entry.id for entry in conversation.entries}
        self._owed: dict[str, Turn | Delivery] = {}
        self._owes_choice = False
        self._lock = RLock()

    @property
    def id(self) -> str:
        """The conversation's name in addresses."""
        return self.conversation.id

    # What people do

    def ask(self, question: str) -> Turn:
        """Put a question; `begin` has it answered."""
        turn = Turn(question, choice=self.conversation.choice)
        self._append(turn)
        return turn

    def choose(self, choice: Choice) -> None:
        """Say which documents the questions to come may use; those that were put keep theirs."""
        with self._lock:
            self.conversation.choice = choice
            self._owes_choice = True
            self._try(lambda: self._pay({}))

    def deliver(self, delivery: Delivery) -> None:
        """Put files into the conversation; there is at least one. They may be used in it."""
        names = (file.name.rpartition("/") for file in delivery.files)
        choice = self.conversation.choice.joined(upload_source(n, folder) for folder, _, n in names)
        if choice != self.conversation.choice:
            self.choose(choice)
        self._append(delivery)

    def ask_again(self, turn: Turn, question: str) -> None:
        """Put a question in the place of a turn and of all that came behind it."""
        with self._lock:
            entries = self.conversation.entries
            place = next((n for n, entry in enumerate(entries) if entry is turn), None)
            if place is None:
                return  # another tab was faster
            for entry in entries[place:]:
                self._stop(entry)
            self.conversation.entries = entries[:place]
            self._try(lambda: self._chats.replace_from(self.id, turn.id))
            again, choice = question == turn.question, self.conversation.choice
            self._append(Turn(question, again=again, choice=choice))

    def rate(self, turn: Turn, thumb: int | None, comment: str) -> None:
        """Keep what somebody thinks of an answer."""
        turn.thumb, turn.comment = thumb, comment
        self._try(lambda: self._chats.rate(turn.id, thumb, clean(comment)))

    def stop(self) -> None:
        """Stop all that is under way or in mind; what was written stays."""
        with self._lock:
            for entry in self.conversation.entries:
                self._stop(entry)

    # The work

    def begin(self, chain: RagChain, gate: Gate | None = None) -> None:
        """Begin what nobody has begun yet; a question waits for what is before it."""
        with self._lock:
            for entry in self.conversation.entries:
                if entry.id not in self._jobs and not entry.over:
                    self._jobs[entry.id] = job = self._work(entry, chain, gate)
                    job.start()

    def job(self, entry: Turn | Delivery) -> Job | None:
        """The work on an entry, if there was any in this process."""
        return self._jobs.get(entry.id)

    def check(self) -> None:
        """Raise a bug that some work has met and nobody has seen."""
        for job in list(self._jobs.values()):
            job.check()

    def _work(self, entry: Turn | Delivery, chain: RagChain, gate: Gate | None) -> Job:
        if isinstance(entry, Delivery):
            return Uploads(chain.library, entry.files, lambda: self._keep(entry))
        return Reply(
            chain,
            entry.question,
            lambda: self.conversation.history(entry),
            entry.answer,
            after=list(self._jobs.values()),
            keep=lambda: self._keep(entry),
            again=entry.again,
            gate=gate,
            narrow=lambda: entry.choice.filter(chain.library.documents()) if entry.choice else None,
        )

    def _stop(self, entry: Turn | Delivery) -> None:
        if entry.over:
            return
        if entry.id in self._jobs:
            self._jobs[entry.id].stop()
            return
        if isinstance(entry, Turn):
            entry.answer.state = "stopped"
        else:
            for file in entry.files:
                file.state = "stopped"
        self._keep(entry)

    # The keeping

    def _append(self, entry: Turn | Delivery) -> None:
        with self._lock:
            self.conversation.entries = [*self.conversation.entries, entry]
            self.conversation.title = self.conversation.title or _title(entry)
            self._keep(entry)

    def _keep(self, entry: Turn | Delivery) -> bool:
        """Write how far an entry is, and what could not be written before.

        Gives whether another process wants it stopped.
        """
        with self._lock:
            self._owed[entry.id] = entry
            wishes: dict[str, bool] = {}
            self._try(lambda: self._pay(wishes))
            return wishes.get(entry.id, False)

    def _pay(self, wishes: dict[str, bool]) -> None:
        for entry in list(self._owed.values()):
            row = row_of(entry)
            if entry.id in self._kept:
                wishes[entry.id] = self._chats.update(row)
            else:
                title, choice = self.conversation.title, choice_text(self.conversation.choice)
                self._chats.add(self.id, row, title=title, person=self.person, choice=choice)
                self._kept.add(entry.id)
            del self._owed[entry.id]
        if self._owes_choice:
            self._chats.choose(self.id, choice_text(self.conversation.choice))
            self._owes_choice = False

    def _try(self, write: Callable[[], None]) -> None:
        """An answer does not end because it cannot be kept: the page tells why."""
        try:
            write()
        except ChatsError as error:
            self.trouble = str(error)
        else:
            self.trouble = ""


def _title(entry: Turn | Delivery) -> str:
    """The first question in one line, or the first file's name; cut between words."""
    text = entry.question if isinstance(entry, Turn) else entry.files[0].name
    line = " ".join(clean(text).split())
    if len(line) <= LONGEST_TITLE:
        return line
    cut = line[:LONGEST_TITLE]
    head, _, tail = cut.rpartition(" ")
    return (head if len(tail) < LONGEST_TITLE // 3 else cut).rstrip(" ,.;:，。；：、") + "…"
