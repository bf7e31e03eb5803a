"""A change of the model on the page: how far it is, and what it came to."""

from __future__ import annotations

import shlex

import streamlit as st

from app.engine_room import EngineRoom
from app.engine_texts import EngineTexts
from app.markup import escaped
from app.model_change import ModelChange, chosen
from app.model_list import name_of
from models.settings import PREFIX

_SEEN = "change-seen"  # the change whose outcome this tab has put away


class ChangeView:
    """The latest change, if there is one that this tab has not put away.

    `watched` is one that was under way when the page began: `draw` shows how far it is.
    """

    def __init__(self, room: EngineRoom, texts: EngineTexts) -> None:
        change = room.change
        self.watched = change if change and not change.finished else None
        self._texts = texts
        if change is None or st.session_state.get(_SEEN) is change:
            return
        with st.container(
            horizontal=True, vertical_alignment="center", key=f"change-{change.state}"
        ):
            self._place = st.empty()
            if self.watched:
                st.button(texts.call_off, key="call-off", type="tertiary", on_click=change.stop)
            else:
                self._place.html(_outcome(change, texts))
                st.button(
                    texts.understood,
                    key="understood",
                    type="tertiary",
                    on_click=_put_away,
                    args=(change,),
                )

    def draw(self) -> None:
        """How far the change is that is under way."""
        if self.watched:
            line = escaped(_line(self.watched, self._texts))
            self._place.html(f'<div class="kv-change"><span class="kv-pulse"></span>{line}</div>')


def to_keep(room: EngineRoom, texts: EngineTexts) -> None:
    """How to start with what is in use, where that is not what the settings name."""
    now = chosen()
    if now == room.first:
        return
    st.html(f'<div class="kv-meta">{texts.to_keep}</div>')
    adapter = f" {PREFIX}ADAPTER={shlex.quote(now.adapter)}" if now.adapter else ""
    command = f"{PREFIX}MODEL={shlex.quote(now.model)}{adapter} python app"
    st.code(command, language="bash", wrap_lines=True)


def _put_away(change: ModelChange) -> None:
    st.session_state[_SEEN] = change


def _outcome(change: ModelChange, texts: EngineTexts) -> str:
    name = name_of(change.wanted, texts)
    if change.state == "done":
        kind, mark, said = "good", "✓", texts.changed.format(model=name)
    elif change.state == "failed":
        why = change.error.rstrip(".") + "."
        kind, mark, said = "bad", "!", texts.not_changed.format(model=name, error=why)
    else:
        kind, mark, said = "plain", "–", texts.called_off
    return (
        f'<div class="kv-change" role="status"><span class="kv-mark kv-{kind}">{mark}</span>'
        f"<span>{escaped(said)}</span></div>"
    )


def _line(change: ModelChange, texts: EngineTexts) -> str:
    name = name_of(change.wanted, texts)
    if change.state == "waiting":
        count = change.waits_for
        return texts.waiting_for_one if count <= 1 else texts.waiting_for.format(count=count)
    return (texts.loading if change.state == "loading" else texts.trying).format(model=name)
