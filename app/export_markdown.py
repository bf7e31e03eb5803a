"""A conversation in Markdown. What was said stays what it is: it can become no markup."""

from __future__ import annotations

import re

from app.cited_answer import reason_of
from app.conversation import Answer, Conversation, Delivery, Turn
from app.export_html import limited
from app.opened import name_of
from app.pieces import cited_passages, number_of, pieces
from app.texts import Texts

# CommonMark 2.4; what would begin a list or a heading's underline only at the start of a line.
_ANYWHERE = re.compile(r"([\\`*_\[\]<>&|~!#$])")
_NUMBERED = re.compile(r"^(\s*\d+)([.)])", re.MULTILINE)
_AT_START = re.compile(r"^(\s*)([-+=:])", re.MULTILINE)
_BREAK = re.compile(r"[^\S\n]*(?:\r\n?|[\n\v\f\x1c-\x1e\x85\u2028\u2029])[^\S\n]*")


def markdown(conversation: Conversation, texts: Texts) -> str:
    """The conversation with each answer's sources below it."""
    choice = conversation.choice
    parts = [f"# {_line(conversation.title)}", _line(limited(choice, texts))]
    for entry in conversation.entries:
        if isinstance(entry, Delivery):
            names = ", ".join(_line(file.name) for file in entry.files if file.good)
            parts += [f"{texts.export_files}: {names}"] if names else []
        else:
            parts += _turn(entry, texts, _line(limited(entry.choice, texts, choice)))
    return "\n\n".join(filter(None, parts)) + "\n"


def plain(text: str) -> str:
    """A text in Markdown that means just itself; its line breaks stay."""
    text = _BREAK.sub("\n", text).strip()
    safe = _AT_START.sub(r"\1\\\2", _NUMBERED.sub(r"\1\\\2", _ANYWHERE.sub(r"\\\1", text)))
    return safe.replace("\n", "  \n")


def _line(text: str) -> str:
    return plain(" ".join(text.split()))


def _turn(turn: Turn, texts: Texts, note: str) -> list[str]:
    parts = [f"## {_line(turn.question)}", note, _answer(turn.answer, texts)]
    places = cited_passages(turn.answer.citations, turn.answer.sources)
    if places:
        parts.append(f"**{texts.export_sources}**")
    for place in sorted(places):
        passage = turn.answer.sources[place]
        name, source = _line(name_of(passage, texts)), _line(str(passage.metadata.get("source")))
        quoted = plain(passage.page_content).replace("\n", "\n> ")
        parts.append(f"\\[{place + 1}\\] {name} ({source})\n\n> {quoted}")
    return parts


def _answer(answer: Answer, texts: Texts) -> str:
    if answer.state == "failed":
        return plain(answer.error)
    said = []
    for piece in pieces(answer.text, answer.citations, answer.flagged):
        words = plain(piece.text)
        numbers = [number_of(answer.citations[place]) for place in piece.citations]
        words += "".join(f" \\[{number}\\]" for number in dict.fromkeys(numbers))
        if piece.flag:
            words += f" ({plain(reason_of(piece.flag, texts))})"
        said.append(_space_before(piece.text) + words + _space_after(piece.text))
    note = texts.stopped if answer.text else texts.stopped_silent
    return "".join(said).strip() + (f"\n\n{note}" if answer.state == "stopped" else "")


def _space_before(text: str) -> str:
    return _space(text[: len(text) - len(text.lstrip())])


def _space_after(text: str) -> str:
    return _space(text[len(text.rstrip()) :]) if text.strip() else ""


def _space(blank: str) -> str:
    """The white between two pieces: a new paragraph, a new line, or one space."""
    lines = _BREAK.sub("\n", blank).count("\n")
    return ("", "  \n", "\n\n")[min(lines, 2)] or (" " if blank else "")
