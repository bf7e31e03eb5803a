"""What one browser tab has before it: a conversation, the work under way, an opened passage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from app.chats import ChatLine
from app.choice import Choice
from app.conversation import Conversation, Delivery
from app.job import Job
from app.opened import Opened
from app.source import Source
from app.talk import Talk
from app.texts import Texts, Tongue, texts_for

KEY = "desk"


@dataclass
class Desk:
    """One tab's state; it outlives the runs of the script, and pages that are left.

    `address` is the conversation that the browser's address names; `editing` the turn whose
    question is being changed; `unfolded` the conversation whose menu is open in the list; `shown`
    the numbers of the entries that stand on the page, and `beside` the source that does; `as_text`
    whether sources are shown as their text where there are pictures of their pages, and `by_folder`
    whether whole folders are chosen to be added.
    """

    tongue: Tongue = "en"
    person: str = ""
    talk: Talk | None = None
    address: str = ""
    to_chat: bool = False
    notice: str = ""
    shown: list[int] = field(default_factory=list)
    editing: str = ""
    unfolded: str = ""
    deleted: ChatLine | None = None
    chats_listed: int = 20
    dropped: Delivery | None = None
    source: Source | None = None
    beside: Source | None = None
    as_text: bool = False
    uploader: int = 0
    by_folder: bool = False
    removing: str = ""
    removed: str = ""
    listed: int = 20
    jobs: dict[int, Job] = field(default_factory=dict)

    @property
    def texts(self) -> Texts:
        """The interface's words in this tab's language."""
        return texts_for(self.tongue)

    @property
    def conversation(self) -> Conversation:
        """The conversation on this desk; an empty one before the first page is drawn."""
        return self.talk.conversation if self.talk else Conversation()

    def job(self, number: int, make: Callable[[], Job]) -> Job:
        """The work that the number stands for, begun if it was not."""
        if number not in self.jobs:
            self.jobs[number] = make()
            self.jobs[number].start()
        return self.jobs[number]

    def lay(self, talk: Talk) -> None:
        """Have a conversation before one; the other goes on by itself."""
        self.talk = talk
        self.editing = self.unfolded = ""
        self.source = None
        self.to_chat = True

    def ask(self, question: str) -> None:
        """Put a question; it waits its turn if another is being answered."""
        if self.talk:
            self.deleted = None
            self.talk.ask(question)

    def deliver(self, delivery: Delivery) -> None:
        """Put files into the conversation."""
        if not delivery.files:
            self.notice = self.texts.passed_over.format(count=delivery.passed_over)
        elif self.talk:
            self.talk.deliver(delivery)

    def choose(self, choice: Choice) -> None:
        """Say which documents the conversation's next questions may use."""
        if self.talk:
            self.talk.choose(choice)

    def stop(self) -> None:
        """Stop all that the conversation has under way or in mind; what was written stays."""
        if self.talk:
            self.talk.stop()

    def open(self, passage: Opened) -> None:
        """Show a passage beside the chat, in the place of the one before."""
        self.source = Source(passage)

    def close(self) -> None:
        """Have the chat alone again."""
        self.source = None


def my_desk() -> Desk:
    """This tab's desk."""
    if KEY not in st.session_state:
        st.session_state[KEY] = Desk()
    desk: Desk = st.session_state[KEY]
    return desk
