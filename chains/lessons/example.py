"""A question about a passage, with its answer."""

from dataclasses import dataclass

from langchain_core.documents import Document


@dataclass(frozen=True)
class Passage:
    """A text to be asked about, and its title; passages of one document have the same `group`."""

    text: str
    title: str = ""
    group: str = ""

    @property
    def document(self) -> Document:
        """As the prompts take it."""
        return Document(self.text, metadata={"title": self.title} if self.title else {})


@dataclass(frozen=True)
class Example:
    """A question, and its answers in the passage's words, the one to be learnt first.

    Without answers it asks for what the passage does not hold. `rivals` are passages that could be
    taken for ones that answer it, and do not.
    """

    question: str
    answers: tuple[str, ...]
    passage: Passage
    rivals: tuple[Passage, ...] = ()
