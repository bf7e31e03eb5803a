"""A change of the model on the page: how far it is, and what it came to."""

from __future__ import annotations

import streamlit as st

from app.engine_room import EngineRoom
from app.engine_texts import EngineTexts
from app.markup import escaped, label
from app.model_change import ModelChange, chosen
from app.model_list import name_of
from models.settings import PREFIX

_SEEN = "change-seen"  # the change whose outcome this tab has put away


class ChangeView:
    """Draws the latest change, if there is one, again and again while it goes on.

    `watched` is the change that was under way when the page began: its end is still to be shown.
    """

    def __init__(self, room: EngineRoom, texts: EngineTexts) -> None:
        self.change: ModelChange | None = room.change
        self.watched = self.change if self.change and not self.change.finished else None
        self._texts = texts
        self._drawn = False
        with st.container(key="change", gap="small"):
            self._place = st.empty()
            if self.watched:
                st.button(
                    texts.call_off, key="call-off", type="tertiary", on_click=self.watched.stop
                )

    def draw(self) -> None:
        """The change as it is now."""
        change = self.change
        if change is None or self._drawn:
            return
        if not change.finished:
            line = escaped(_line(change, self._texts))
            self._place.html(f'<div class="kv-changing"><span class="kv-pulse"></span>{line}</div>')
            return
        self._drawn = True
        if st.session_state.get(_SEEN) is not change:
            with self._place.container(gap="small"):
                self._outcome(change)

    def _outcome(self, change: ModelChange) -> None:
        texts, name = self._texts, name_of(change.wanted, self._texts)
        if change.state == "done":
            st.success(label(texts.changed.format(model=name)), icon=":material/check_circle:")
        elif change.state == "failed":
            said = texts.not_changed.format(model=name, error=change.error.rstrip(".") + ".")
            st.error(label(said), icon=":material/error:")
        else:
            st.info(label(texts.called_off), icon=":material/info:")
        st.button(
            texts.understood, key="understood", type="tertiary", on_click=_put_away, args=(change,)
        )


def to_keep(room: EngineRoom, texts: EngineTexts) -> None:
    """How to start with what is in use, where that is not what the settings name."""
    now = chosen()
    if now == room.first:
        return
    st.html(f'<div class="kv-meta">{texts.to_keep}</div>')
    adapter = f" {PREFIX}ADAPTER={_quoted(now.adapter)}" if now.adapter else ""
    st.code(f"{PREFIX}MODEL={_quoted(now.model)}{adapter} python app", language="bash")


def _put_away(change: ModelChange) -> None:
    st.session_state[_SEEN] = change


def _line(change: ModelChange, texts: EngineTexts) -> str:
    name = name_of(change.wanted, texts)
    if change.state == "waiting":
        count = change.waits_for
        return texts.waiting_for_one if count <= 1 else texts.waiting_for.format(count=count)
    return (texts.loading if change.state == "loading" else texts.trying).format(model=name)


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)
