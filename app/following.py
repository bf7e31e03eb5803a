"""The job that reads along while another process writes an answer."""

from __future__ import annotations

from threading import Event

from app.chats import Chats
from app.conversation import Turn
from app.errors import ChatsError
from app.job import Job
from app.kept import fill, is_final
from app.owner import lives

EVERY_S = 0.5


class Following(Job):
    """Fills in what is kept of a turn until it is final or nobody writes it any more."""

    def __init__(self, turn: Turn, chats: Chats) -> None:
        super().__init__()
        self._turn = turn
        self._chats = chats
        self._pause = Event()

    def stop(self) -> None:
        """Have the other process stop; what it had written till then is still read."""
        try:
            self._chats.ask_to_stop(self._turn.id)
        except ChatsError:
            super().stop()  # at least nobody waits here

    def work(self) -> None:
        while not self._turn.over:
            self._pause.wait(EVERY_S)
            try:
                row = self._chats.entry(self._turn.id)
            except ChatsError:
                return
            if row is None:
                return
            alone = not is_final(row) and not lives(row.owner)
            fill(self._turn.answer, row)
            if alone:
                return
            self.step()

    def ended(self) -> None:
        if not self._turn.over:
            self._turn.answer.state = "stopped"
