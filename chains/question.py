"""What is asked: a question and the turns before it, checked once at the door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chains.errors import QuestionError
from chains.prompts import Turn

LONGEST = 8000  # characters: past it nobody asks a question, and no bundled model reads it
ROLES = ("human", "ai", "user", "assistant")


@dataclass(frozen=True)
class Question:
    """A question that can be asked, and the conversation before it, oldest first."""

    text: str
    history: tuple[Turn, ...] = ()


def read_question(value: str | Mapping[str, Any]) -> Question:
    """A question from a chain's input: its text, or {"question": …, "history": [(role, text)]}.

    Raises QuestionError if it is empty, too long, or not of this form.
    """
    if isinstance(value, str):
        value = {"question": value}
    if not isinstance(value, Mapping) or not isinstance(value.get("question"), str):
        raise QuestionError('the input must be a text or {"question": text, "history": [...]}')
    text = value["question"].encode("utf-8", "replace").decode("utf-8").strip()
    if not text:
        raise QuestionError("the question is empty. Ask something, in Chinese or in English.")
    if len(text) > LONGEST:
        raise QuestionError(
            f"the question has {len(text):,} characters, {LONGEST:,} at most can be asked. "
            "Put long texts into the library and ask about them."
        )
    return Question(text, _turns(value.get("history") or ()))


def _turns(history: Sequence[Any]) -> tuple[Turn, ...]:
    turns: list[Turn] = []
    for turn in history:
        pair = isinstance(turn, tuple | list) and len(turn) == 2
        if not pair or turn[0] not in ROLES or not isinstance(turn[1], str):
            raise QuestionError(
                f'the history must be a list of ("human" or "ai", text), not {str(turn)[:80]!r}'
            )
        turns.append((turn[0], turn[1]))
    return tuple(turns)
