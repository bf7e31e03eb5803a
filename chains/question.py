"""What is asked: a question, the turns before it, and of which documents; checked at the door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from chains.errors import QuestionError
from chains.prompts import Turn
from ingest import Filter, LibraryError

LONGEST = 8000  # characters: past it nobody asks a question, and no bundled model reads it
ROLES = ("human", "ai", "user", "assistant")
FIELDS = tuple(field.name for field in fields(Filter))
DATES = ("added_after", "added_before", "modified_after", "modified_before")


@dataclass(frozen=True)
class Question:
    """A question that can be asked, and the conversation before it, oldest first.

    `filter` says which documents may answer it; None for all.
    """

    text: str
    history: tuple[Turn, ...] = ()
    filter: Filter | None = None


def read_question(value: str | Mapping[str, Any]) -> Question:
    """A question from a chain's input: its text, or {"question": …, "history": [(role, text)]}.

    A "filter" beside them is an `ingest.Filter` or a dictionary of its fields: {"sources": [path]}.
    Raises QuestionError if the question is empty, too long, or not of this form.
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
    return Question(text, _turns(value.get("history") or ()), _filter(value.get("filter")))


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


def _filter(given: Any) -> Filter | None:
    if given is None or isinstance(given, Filter):
        return None if given == Filter() else given
    if not isinstance(given, Mapping):
        raise QuestionError(f"the filter must be a dictionary, not {str(given)[:80]!r}")
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in FIELDS:
            raise QuestionError(
                f"{str(name)[:80]!r} is nothing to filter by. There are: {', '.join(FIELDS)}"
            )
        if value not in (None, "", [], ()):
            values[name] = _day(name, value) if name in DATES else _names(name, value)
    try:
        found = Filter(**values)
    except LibraryError as error:
        raise QuestionError(str(error)) from error
    return None if found == Filter() else found


def _names(name: str, value: Any) -> tuple[str, ...]:
    listed = (value,) if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not all(isinstance(each, str) for each in listed):
        raise QuestionError(f"the filter's {name} must be a list of texts, not {str(value)[:80]!r}")
    return tuple(each.encode("utf-8", "replace").decode("utf-8") for each in listed)


def _day(name: str, value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise QuestionError(
            f"the filter's {name} must be a day like 2026-01-31, not {str(value)[:80]!r}"
        ) from error
