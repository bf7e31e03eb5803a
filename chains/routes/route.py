"""What a route is: a question of a kind of its own, and how its answer comes about.

It does not know the kinds.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableConfig

from chains.asked import Spent
from chains.evidence import EvidenceReader
from chains.grounding import Grounding
from chains.language import Language
from chains.routes.shelf import Shelf


@dataclass(frozen=True)
class Step:
    """How far a route's work is; reported as the chain's other progress is."""

    done: int
    total: int


class Summarising(Step):
    """Parts of a document that a model has read, of those it will."""


class Counting(Step):
    """Documents that were looked through, of those that will be."""


@dataclass(frozen=True)
class Errand:
    """What a route has to work with. `llm` makes the chat model when it is first needed."""

    question: str
    language: Language
    shelf: Shelf
    llm: Callable[[], BaseChatModel]
    evidence: EvidenceReader
    config: RunnableConfig
    report: Callable[[Any], None]
    spent: Spent = field(default_factory=Spent)

    def told(self, en: str, zh: str) -> str:
        """The one of two texts that is in the question's language."""
        return zh if self.language == "zh" else en


@dataclass(frozen=True)
class Checked:
    """What an answer rests on, once it is complete. `sources` are those found after the words."""

    grounding: Grounding
    sources: list[Document] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """An answer on its way: its passages, then its words, then what they rest on.

    `did` says in the question's language what was done, and ends the answer. `check` is given the
    words before it. What was `computed` needs no passage to stand in.
    """

    did: str
    sources: list[Document]
    texts: Iterable[str]
    check: Callable[[str], Checked]
    computed: bool = True


@dataclass(frozen=True)
class Route:
    """A recognised question: the route's name and what answers it."""

    name: str
    run: Callable[[Errand], Outcome]
