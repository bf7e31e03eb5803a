"""What a model learns from."""

from dataclasses import dataclass

from langchain_core.messages import BaseMessage


@dataclass(frozen=True)
class Lesson:
    """The messages of a prompt, and the answer that the model is to give.

    Lessons of one `group`, a document say, are trained on or held back together.
    """

    messages: tuple[BaseMessage, ...]
    answer: str
    group: str = ""
