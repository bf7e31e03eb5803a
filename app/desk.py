"""What one browser tab has before it: a conversation, the work under way, an opened passage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from app.conversation import Conversation, Delivery, File, Turn
from app.job import Job
from app.opened import Opened
from app.texts import Texts, Tongue, texts_for

KEY = "desk"


@dataclass
class Desk:
    """One tab's state; it outlives the runs of the script, and pages that are left."""

    tongue: Tongue = "en"
    conversation: Conversation = field(default_factory=Conversation)
    dropped: Delivery | None = None
    opened: Opened | None = None
    uploader: int = 0
    removing: str = ""
    removed: str = ""
    listed: int = 20
    jobs: dict[int, Job] = field(default_factory=dict)

    @property
    def texts(self) -> Texts:
        """The interface's words in this tab's language."""
        return texts_for(self.tongue)

    def job(self, number: int, make: Callable[[], Job]) -> Job:
        """The work on one entry, begun if nobody has."""
        if number not in self.jobs:
            self.jobs[number] = make()
            self.jobs[number].start()
        return self.jobs[number]

    def ask(self, question: str) -> None:
        """Put a question; what is still being answered stops."""
        self.stop()
        self.conversation.entries.append(Turn(question))

    def deliver(self, files: list[File]) -> None:
        """Put files into the conversation."""
        self.stop()
        self.conversation.entries.append(Delivery(files))

    def stop(self) -> None:
        """Stop all that the conversation has under way or in mind; what was written stays."""
        for entry in self.conversation.entries:
            if entry.number in self.jobs:
                self.jobs[entry.number].stop()
            elif isinstance(entry, Turn):
                if not entry.answer.over:
                    entry.answer.state = "stopped"
            else:
                for file in entry.files:
                    if file.share < 1.0:
                        file.state = "stopped"

    def clear(self) -> None:
        """Begin a new conversation."""
        self.stop()
        self.conversation = Conversation()

    def open(self, passage: Opened) -> None:
        """Show a passage in the next run of the page."""
        self.opened = passage


def my_desk() -> Desk:
    """This tab's desk."""
    if KEY not in st.session_state:
        st.session_state[KEY] = Desk()
    desk: Desk = st.session_state[KEY]
    return desk
