"""The finished answer on the page, its citations as buttons between the words.

A small component of its own, because Streamlit's HTML cannot tell Python of a click. The answer
reaches the browser as data and the page as text nodes: nothing in it can become markup.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

from app.conversation import Turn
from app.opened import name_of
from app.pieces import Flag, number_of, pieces
from app.texts import Texts

_HTML = '<div class="answer" dir="auto"></div>'

_CSS = """
.answer { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.65;
  font-family: var(--st-font); font-size: 1rem; color: var(--st-text-color); }
.unsupported { text-decoration: underline dotted; text-decoration-thickness: 1.5px;
  text-underline-offset: 0.28em; cursor: help;
  text-decoration-color: color-mix(in srgb, var(--st-orange-color, #d97706) 75%, transparent); }
.cite { font: inherit; font-size: 0.72rem; font-weight: 600; line-height: 1; cursor: pointer;
  color: var(--st-primary-color); border: none; border-radius: 0.4rem; vertical-align: 0.3em;
  background: color-mix(in srgb, var(--st-primary-color) 13%, transparent);
  padding: 0.2rem 0.36rem; margin: 0 0.1rem 0 0.18rem; white-space: nowrap; }
.cite:hover, .cite:focus-visible { color: var(--st-background-color);
  background: var(--st-primary-color); outline: none; }
"""

_JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  const answer = parentElement.querySelector('.answer');
  answer.replaceChildren();
  for (const piece of data.pieces) {
    const words = document.createElement('span');
    words.textContent = piece.text;
    if (piece.unsupported) { words.className = 'unsupported'; words.title = piece.unsupported; }
    answer.append(words);
    for (const cite of piece.citations) {
      const button = document.createElement('button');
      button.className = 'cite';
      button.type = 'button';
      button.textContent = cite.number;
      button.title = cite.title;
      button.setAttribute('aria-label', data.open + ' ' + cite.number + ': ' + cite.title);
      button.onclick = () => setTriggerValue('opened', cite.place);
      answer.append(button);
    }
  }
}
"""


@cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component("kvasir_answer", html=_HTML, css=_CSS, js=_JS)


def show_cited_answer(turn: Turn, texts: Texts, on_open: Callable[[int], None]) -> None:
    """Draw the answer; a click on a citation calls `on_open` with its place in the citations."""
    answer = turn.answer
    key = f"answer-{turn.number}"

    def opened() -> None:
        place = getattr(st.session_state[key], "opened", None)
        if isinstance(place, int) and 0 <= place < len(answer.citations):
            on_open(place)

    data = {
        "pieces": [
            {
                "text": piece.text,
                "unsupported": reason_of(piece.flag, texts) if piece.flag else "",
                "citations": [_shown(turn, place, texts) for place in piece.citations],
            }
            for piece in pieces(answer.text, answer.citations, answer.flagged)
        ],
        "open": texts.open_passage,
    }
    _component()(key=key, data=data, on_opened_change=opened)


def reason_of(flag: Flag, texts: Texts) -> str:
    """Why a sentence is flagged, in the words of the interface."""
    line = texts.unsupported
    if flag["nowhere"]:
        line = texts.flag_nowhere
    elif flag["instead"]:
        line = texts.flag_instead
    elif flag["kind"] == "contrary":
        line = texts.flag_contrary
    elif flag["what"]:
        line = texts.flag_elsewhere
    return line.format(what=flag["what"], instead=flag["instead"])


def _shown(turn: Turn, place: int, texts: Texts) -> dict[str, Any]:
    number = number_of(turn.answer.citations[place])
    passage = turn.answer.sources[number - 1]
    return {"place": place, "number": str(number), "title": name_of(passage, texts)}
