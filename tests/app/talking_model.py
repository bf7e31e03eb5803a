"""A chat model that says what it is told, as slowly as a test wants."""

from collections.abc import Iterator
from threading import Event
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict

WORDS = ("A group of cats is ", "called a clowder. ", "They rule the moon.")


class TalkingModel(BaseChatModel):
    """Says `words`, one piece each; before the last one it waits for `go_on`."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    words: tuple[str, ...] = WORDS
    go_on: Event
    closed: Event

    @property
    def _llm_type(self) -> str:
        return "talking"

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage("".join(self.words)))])

    def _stream(
        self, messages: list[BaseMessage], *_: Any, **__: Any
    ) -> Iterator[ChatGenerationChunk]:
        try:
            for place, word in enumerate(self.words):
                if place == len(self.words) - 1:
                    assert self.go_on.wait(60)
                yield ChatGenerationChunk(message=AIMessageChunk(word))
        finally:
            self.closed.set()
