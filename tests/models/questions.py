"""Questions behind passages, for the tests of the chat model."""

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from models.chat_model import KvasirChat
from models.chat_template import to_prompt
from models.engine.prompt import Prompt
from models.turns import to_turns

PASSAGES = (
    "The tide mill was built in 1792. Its wheel could turn for four hours after high water.\n",
    "A bee dances when it comes home. Karl von Frisch described it in 1927.\n",
    "Window glass does not flow. Lead flows sooner.\n",
)
ASKED = "In which year was the tide mill built?"
# Of each token of the answer the bundled model is sure: quantized weights round differently when
# tokens are read in other company, by some tenths of a nat.
QUESTION = [("system", "Answer from the passages."), ("human", f"{PASSAGES[0]}\n{ASKED}")]
ROUNDING = 1.0  # nats that a sentence's log-probability may differ by from one reading to the next


def asking(question: str, passages: Sequence[str] = PASSAGES) -> list[BaseMessage]:
    """A question behind passages that are marked."""
    marked: list[str | dict[Any, Any]] = [
        {"type": "text", "text": text, "cache_control": {"type": "ephemeral"}} for text in passages
    ]
    content = [*marked, {"type": "text", "text": f"\n{question}"}]
    return [SystemMessage("Answer from the passages."), HumanMessage(content)]


MILL = asking(ASKED)


def prompt_of(chat: KvasirChat, messages: list[BaseMessage]) -> Prompt:
    return to_prompt(chat.engine.model, to_turns(messages))
