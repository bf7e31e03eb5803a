"""A conversation as a file to take away: Markdown, HTML or JSON, with its sources."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from app.conversation import Conversation, Delivery, Turn
from app.export_html import html
from app.export_markdown import markdown
from app.kept import row_of
from app.texts import Texts

Writer = Callable[[Conversation, Texts], str]


def as_json(conversation: Conversation, _: Texts) -> str:
    """All that is kept of the conversation, for programs to read."""
    entries = [_data(entry) for entry in conversation.entries]
    choice = conversation.choice.data() or None
    data = {
        "id": conversation.id,
        "title": conversation.title,
        "limited_to": choice,
        "entries": entries,
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


FORMATS: dict[str, tuple[str, str, Writer]] = {
    "Markdown": ("md", "text/markdown", markdown),
    "HTML": ("html", "text/html", html),
    "JSON": ("json", "application/json", as_json),
}
"""By name: the file's ending, its type, and what writes it."""


def file_name(title: str, ending: str) -> str:
    """A name for the file that every system takes."""
    words = re.sub(r"\W+", "-", title)[:60].strip("-")
    return f"{words or 'chat'}.{ending}"


def _data(entry: Turn | Delivery) -> dict[str, Any]:
    row = row_of(entry)
    details = json.loads(row.details)
    choice = details.pop("choice", None)
    details.pop("next", None)  # nobody has asked these
    if row.kind == "delivery":
        return {"kind": "files", "at": row.asked_at, **details}
    return {
        "kind": "question",
        "at": row.asked_at,
        "question": row.question,
        "answer": row.answer,
        "state": row.state,
        "limited_to": choice,
        **details,
        "feedback": {"thumb": row.thumb, "comment": row.comment},
    }
