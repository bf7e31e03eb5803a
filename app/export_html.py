"""A conversation as one HTML page that loads nothing. What was said is shown and never obeyed."""

from __future__ import annotations

from app.choice import ALL, Choice
from app.cited_answer import reason_of
from app.conversation import Answer, Conversation, Delivery, Turn
from app.markup import escaped
from app.opened import name_of
from app.pieces import cited_passages, number_of, pieces
from app.texts import Texts

_HEAD = """<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.6 system-ui, sans-serif; max-width: 46rem;
  margin: 2rem auto; padding: 0 1rem; }}
h2 {{ font-size: 1.1rem; margin-top: 2.2rem; }}
.answer, blockquote {{ white-space: pre-wrap; overflow-wrap: anywhere; }}
blockquote {{ margin: 0.4rem 0 1.2rem; padding-inline-start: 0.9rem; font-size: 0.92rem;
  border-inline-start: 3px solid #14908a; }}
.note {{ opacity: 0.7; font-size: 0.9rem; overflow-wrap: anywhere; }}
.unsupported {{ text-decoration: underline dotted #d97706; text-underline-offset: 0.25em; }}
sup {{ color: #14908a; font-weight: 600; }}
</style>
</head>
<body>
<h1 dir="auto">{title}</h1>
"""


def html(conversation: Conversation, texts: Texts) -> str:
    """The conversation with each answer's sources below it."""
    choice = conversation.choice
    parts = [_HEAD.format(title=escaped(conversation.title))]
    parts += [_note(limited(choice, texts))] if choice else []
    for entry in conversation.entries:
        if isinstance(entry, Delivery):
            names = ", ".join(file.name for file in entry.files if file.good)
            parts += [_note(f"{texts.export_files}: {names}")] if names else []
        else:
            parts += _turn(entry, texts, limited(entry.choice, texts, choice))
    return "".join(parts) + "</body>\n</html>\n"


def limited(choice: Choice, texts: Texts, known: Choice = ALL) -> str:
    """A line that says which documents might be used; "" where that is known already."""
    if choice == known:
        return ""
    if not choice:
        return texts.all_documents
    return texts.limited_to.format(names=", ".join(choice.names))


def _turn(turn: Turn, texts: Texts, note: str) -> list[str]:
    answer = turn.answer
    parts = [f'<h2 dir="auto">{escaped(turn.question)}</h2>\n']
    parts += [_note(note)] if note else []
    if answer.text:
        parts.append(f'<div class="answer" dir="auto">{_answer(answer, texts)}</div>\n')
    if answer.state == "failed":
        parts.append(_note(answer.error))
    elif answer.state == "stopped":
        parts.append(_note(texts.stopped if answer.text else texts.stopped_silent))
    places = cited_passages(answer.citations, answer.sources)
    if places:
        parts.append(f"<h3>{escaped(texts.export_sources)}</h3>\n")
    for place in sorted(places):
        passage = answer.sources[place]
        name = f"[{place + 1}] {name_of(passage, texts)}"
        source = str(passage.metadata.get("source") or "")
        parts.append(
            f'<div dir="auto">{escaped(name)}</div>\n{_note(source)}'
            f'<blockquote dir="auto">{escaped(passage.page_content)}</blockquote>\n'
        )
    return parts


def _answer(answer: Answer, texts: Texts) -> str:
    said = []
    for piece in pieces(answer.text, answer.citations, answer.flagged):
        words = escaped(piece.text)
        if piece.flag:
            reason = escaped(reason_of(piece.flag, texts))
            words = f'<span class="unsupported" title="{reason}">{words}</span>'
        numbers = [number_of(answer.citations[place]) for place in piece.citations]
        said.append(words + "".join(f"<sup>[{number}]</sup>" for number in dict.fromkeys(numbers)))
    return "".join(said)


def _note(text: str) -> str:
    return f'<div class="note">{escaped(text)}</div>\n'
