"""A conversation as plain data: questions with their answers, and the files put in between.

It does not know Streamlit or threads; `app.reply` and `app.uploads` fill it in.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

from langchain_core.documents import Document
from langchain_core.messages.content import Citation

from app.choice import ALL, Choice

AnswerState = Literal[
    "unasked", "waiting", "changing", "searching", "starting", "reading", "writing",
    "done", "stopped", "failed",
]  # fmt: skip
FileState = Literal[
    "queued", "waiting", "reading", "embedding", "indexing",
    "added", "updated", "unchanged", "failed", "stopped",
]  # fmt: skip
OVER: tuple[AnswerState, ...] = ("done", "stopped", "failed")

_numbers = count(1)


def new_id() -> str:
    """A name for a conversation or an entry that nothing else has, nor can be guessed."""
    return uuid.uuid4().hex


@dataclass
class Answer:
    """An answer while it comes about and afterwards.

    `done` of `total` prompt tokens are read, `reused` of them taken over; `ahead` other questions
    come first. `error` is the line for the person when the state is "failed". `next` are questions
    that may be asked after it.
    """

    state: AnswerState = "unasked"
    text: str = ""
    sources: list[Document] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    grounded: float = 0.0
    flagged: list[dict[str, Any]] = field(default_factory=list)
    refused: bool = False
    route: dict[str, Any] = field(default_factory=dict)
    timings: dict[str, Any] = field(default_factory=dict)
    next: list[str] = field(default_factory=list)
    ahead: int = 0
    done: int = 0
    total: int = 0
    reused: int = 0
    error: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in OVER

    def take(self, part: Mapping[str, Any]) -> None:
        """Add one part of the chain's stream."""
        if "sources" in part:  # more of them may come with the last part
            self.sources = [*self.sources, *part["sources"]]
            self.state = "writing" if self.text else "starting"
        if part.get("answer"):
            self.text += part["answer"]
            self.state = "writing"
        for name in ("citations", "grounded", "flagged", "refused", "route", "timings"):
            if name in part:
                setattr(self, name, part[name])

    def progress(self, event: Mapping[str, Any]) -> None:
        """Take the place in the queue or the progress of the prefill, as the chain tells it."""
        if event.get("step") == "waiting":
            self.state, self.ahead = "waiting", int(event["ahead"])
        elif event.get("step") == "prefill":
            self.state = "reading"
            self.done, self.total, self.reused = (
                int(event[name]) for name in ("done", "total", "reused")
            )


@dataclass
class Turn:
    """A question and its answer; `number` tells turns apart in widget keys, `id` wherever they are.

    `thumb` is what somebody thinks of the answer, 1 for good, 0 for bad, and `comment` why. `again`
    is whether another answer than the likeliest is wanted, `choice` which documents may give it.
    """

    question: str
    answer: Answer = field(default_factory=Answer)
    number: int = field(default_factory=lambda: next(_numbers))
    id: str = field(default_factory=new_id)
    asked_at: float = field(default_factory=time.time)
    thumb: int | None = None
    comment: str = ""
    again: bool = False
    choice: Choice = ALL

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.answer.over


@dataclass
class File:
    """One file on its way into the library: so far, or what became of it and why not.

    Its name may begin with the folders that it lay in.
    """

    name: str
    data: bytes = field(repr=False, default=b"")
    state: FileState = "queued"
    embedded: int = 0
    chunks: int = 0
    reason: str = ""

    @property
    def share(self) -> float:
        """How far it is, from 0 to 1."""
        if self.state == "embedding" and self.chunks:
            return 0.2 + 0.7 * self.embedded / self.chunks
        before = {"queued": 0.0, "waiting": 0.05, "reading": 0.1, "embedding": 0.2}
        return {**before, "indexing": 0.95}.get(self.state, 1.0)

    @property
    def good(self) -> bool:
        """Whether the library holds it."""
        return self.state in ("added", "updated", "unchanged")


@dataclass
class Delivery:
    """Files put into a conversation together; others of their folders were passed over."""

    files: list[File]
    passed_over: int = 0
    number: int = field(default_factory=lambda: next(_numbers))
    id: str = field(default_factory=new_id)
    asked_at: float = field(default_factory=time.time)

    @property
    def over(self) -> bool:
        """Whether all files are in, or will not be."""
        return all(file.share == 1.0 for file in self.files)


@dataclass
class Conversation:
    """What was asked, answered and added, in order; `choice` is for what will be asked."""

    entries: list[Turn | Delivery] = field(default_factory=list)
    id: str = field(default_factory=new_id)
    title: str = ""
    choice: Choice = ALL

    def history(self, before: Turn) -> list[tuple[str, str]]:
        """The turns before one, as the chain takes them; what has no words is left out."""
        turns: list[tuple[str, str]] = []
        for entry in self.entries:
            if entry is before:
                break
            if isinstance(entry, Turn) and entry.answer.text and entry.answer.state != "failed":
                turns += [("human", entry.question), ("ai", entry.answer.text)]
        return turns
