"""LangChain's messages as the chat template's turns."""

from collections.abc import Iterator, Sequence

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from models.chat_template import Block, Turn
from models.errors import ModelError

# A role is written by the template, where control tokens count: no other text may be one.
_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}


def to_turns(messages: Sequence[BaseMessage]) -> list[Turn]:
    """The messages as turns; neighbours of one role become one turn.

    Text blocks that carry `cache_control` are cached blocks; what is not text is left out.
    Raises ModelError for a kind of message that has no role here.
    """
    turns: list[Turn] = []
    for message in messages:
        turn = Turn(_role(message), tuple(_blocks(message)))
        if turns and turns[-1].role == turn.role and turn.role != "system":
            blocks = (*turns[-1].blocks, Block("\n\n"), *turn.blocks)
            turns[-1] = Turn(turn.role, blocks)
        else:
            turns.append(turn)
    return turns


def _blocks(message: BaseMessage) -> Iterator[Block]:
    if isinstance(message.content, str):
        yield Block(message.content)
        return
    for block in message.content:
        if isinstance(block, str):
            yield Block(block)
        elif block.get("type") == "text":
            yield Block(str(block.get("text") or ""), cached=bool(block.get("cache_control")))


def _role(message: BaseMessage) -> str:
    if isinstance(message, SystemMessage):
        return "system"
    if isinstance(message, AIMessage):
        return "assistant"
    if isinstance(message, HumanMessage | ToolMessage):
        return "user"
    if isinstance(message, ChatMessage) and message.role in _ROLES:
        return _ROLES[message.role]
    kind = f"role {message.role!r}" if isinstance(message, ChatMessage) else f"type {message.type}"
    raise ModelError(f"a message of the {kind} cannot be put to this model")
