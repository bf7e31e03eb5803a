"""Entries of a conversation as rows, and rows as entries: the details as JSON.

What is read is not believed: a file may be damaged. What cannot be understood is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast, get_args

from langchain_core.documents import Document
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.chats import Row
from app.choice import Choice, choice_of
from app.conversation import OVER, Answer, AnswerState, Delivery, File, FileState, Turn
from app.owner import me
from chains.grounding import Flag

SPEED = ("prompt_tokens", "reused_tokens", "first_token_s", "tokens_per_s")


class _Metadata(BaseModel):
    model_config = ConfigDict(extra="allow")
    source: str | None = None
    title: str | None = None
    label: str | None = None
    page: int | None = None
    start: int | None = None
    headings: list[str] | None = None
    highlights: list[tuple[int, int]] = []


class _Extras(BaseModel):
    model_config = ConfigDict(extra="allow")
    passage: int = Field(0, ge=0)
    start: int = 0
    end: int = 0


class _Citation(BaseModel):
    model_config = ConfigDict(extra="allow")
    start_index: int
    end_index: int
    extras: _Extras = _Extras()


_FLAG = TypeAdapter(Flag)
_NUMBERS = TypeAdapter(dict[str, bool | int | float])


def row_of(entry: Turn | Delivery) -> Row:
    """An entry as it is kept, written by this process."""
    if isinstance(entry, Delivery):
        files = [{"name": f.name, "state": f.state, "reason": f.reason} for f in entry.files]
        names = clean("\n".join(file.name for file in entry.files))
        state = "done" if entry.over else "adding"
        more = {"passed_over": entry.passed_over} if entry.passed_over else {}
        details = _json({"files": files, **more})
        return Row(entry.id, "delivery", names, state, "", details, entry.asked_at, me())
    answer = entry.answer
    details = _json(
        {
            "sources": [{"text": s.page_content, "metadata": s.metadata} for s in answer.sources],
            "citations": answer.citations,
            "grounded": answer.grounded,
            "flagged": answer.flagged,
            "refused": answer.refused,
            "route": answer.route,
            "timings": answer.timings,
            "error": answer.error,
            "next": answer.next,
            **({"choice": entry.choice.data()} if entry.choice else {}),
        }
    )
    return Row(
        *(entry.id, "turn", clean(entry.question), answer.state, clean(answer.text), details),
        *(entry.asked_at, me(), entry.thumb, clean(entry.comment)),
    )


def entry_of(row: Row) -> Turn | Delivery:
    """The entry that a row holds, in the state it was written in."""
    details = _details(row.details)
    if row.kind == "delivery":
        files = [_file(file) for file in _list(details, "files")]
        passed = details.get("passed_over")
        return Delivery(
            [file for file in files if file],
            passed_over=passed if isinstance(passed, int) and passed > 0 else 0,
            id=row.id,
            asked_at=row.asked_at,
        )
    turn = Turn(row.question, id=row.id, asked_at=row.asked_at)
    turn.thumb = row.thumb if row.thumb in (0, 1) else None
    turn.comment = row.comment
    turn.choice = choice_of(details.get("choice"))
    fill(turn.answer, row)
    return turn


def fill(answer: Answer, row: Row) -> None:
    """Put what a row holds into an answer, its state last."""
    details = _details(row.details)
    answer.text = row.answer
    answer.sources = [_source(source) for source in _list(details, "sources")]
    places = len(answer.sources)
    read = [_citation(citation, places) for citation in _list(details, "citations")]
    answer.citations = [citation for citation in read if citation]
    flags = [_flag(flag) for flag in _list(details, "flagged")]
    answer.flagged = [flag for flag in flags if flag]
    answer.grounded = _share(details.get("grounded"))
    answer.refused = details.get("refused") is True
    route = details.get("route")
    answer.route = route if isinstance(route, dict) else {}
    answer.timings = _timings(details.get("timings"))
    answer.error = str(details.get("error") or "")
    answer.next = [text for text in _list(details, "next") if isinstance(text, str)]
    known = row.state in get_args(AnswerState)
    answer.state = cast(AnswerState, row.state) if known else "stopped"


def timings_of(row: Row) -> dict[str, Any]:
    """What an answer took, {} where that is not known."""
    return _timings(_details(row.details).get("timings"))


def choice_text(choice: Choice) -> str:
    """A choice as it is kept with a conversation; "" for all documents."""
    return _json(choice.data()) if choice else ""


def choice_in(text: str) -> Choice:
    """The choice that was kept so."""
    return choice_of(_details(text))


def is_final(row: Row) -> bool:
    """Whether nobody writes on it any more."""
    return row.state in OVER


def clean(text: str) -> str:
    """A text that can be stored: half characters, which some names have, become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _json(data: object) -> str:
    return json.dumps(data, default=_plain, skipkeys=True)


def _plain(value: Any) -> object:
    """Numbers of other libraries as numbers; whatever else a retriever's metadata hold as text."""
    number = getattr(value, "item", None)
    return number() if callable(number) else str(value)


def _details(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _list(details: Mapping[str, Any], name: str) -> list[Any]:
    found = details.get(name)
    return found if isinstance(found, list) else []


def _source(data: Any) -> Document:
    """A passage; an empty one in the place of one that cannot be read, for its number's sake."""
    text = data.get("text") if isinstance(data, dict) else None
    if not isinstance(text, str):
        return Document("")
    try:
        metadata = _Metadata.model_validate(data.get("metadata"))
    except ValidationError:
        return Document(text)
    return Document(text, metadata=metadata.model_dump(exclude_unset=True))


def _citation(data: Any, places: int) -> Any:
    try:
        citation = _Citation.model_validate(data)
    except ValidationError:
        return None
    within = citation.extras.passage < places
    return citation.model_dump(exclude_unset=True) if within else None


def _flag(data: Any) -> dict[str, Any] | None:
    try:
        return asdict(_FLAG.validate_python(data))
    except ValidationError:
        return None


def _share(value: Any) -> float:
    return min(max(float(value), 0.0), 1.0) if isinstance(value, int | float) else 0.0


def _timings(data: Any) -> dict[str, Any]:
    try:
        numbers = _NUMBERS.validate_python(data)
    except ValidationError:
        return {}
    return numbers if all(name in numbers for name in SPEED) else {}


def _file(data: Any) -> File | None:
    if not isinstance(data, dict) or not isinstance(data.get("name"), str):
        return None
    file = File(data["name"], reason=str(data.get("reason") or ""))
    known = data.get("state") in get_args(FileState)
    file.state = data["state"] if known else "stopped"
    if file.share < 1.0:
        file.state = "stopped"  # its bytes were in the process that took them
    return file
