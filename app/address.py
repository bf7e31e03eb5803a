"""Which conversation a tab shows: the one that its address names, or a new one."""

from __future__ import annotations

import streamlit as st

from app.desk import Desk
from app.errors import ChatsError
from app.talks import Talks

CHAT = "chat"


def follow(desk: Desk, talks: Talks) -> None:
    """Lay before the tab what its address asks for, when it is new or went back in its history."""
    asked = st.query_params.get(CHAT, "")
    if desk.talk is not None and asked in ("", desk.address):
        return
    if asked:
        open_chat(desk, talks, asked)
    if desk.talk is None:
        desk.talk = talks.begin(desk.person)
    desk.to_chat = False  # the address says which page, too


def open_chat(desk: Desk, talks: Talks, chat: str) -> None:
    """Lay a conversation before the tab, or say that it is gone."""
    desk.deleted = None
    try:
        talk = talks.open(chat, desk.person)
    except ChatsError as error:
        desk.notice = str(error)
        return
    if talk is None:
        desk.notice = desk.texts.chat_gone
    else:
        desk.lay(talk)


def write(desk: Desk) -> None:
    """Have the address name the conversation, so that a reload finds it."""
    shown = desk.talk.id if desk.talk and desk.talk.conversation.entries else ""
    desk.address = shown
    if st.query_params.get(CHAT, "") == shown:
        return
    if shown:
        st.query_params[CHAT] = shown
    else:
        del st.query_params[CHAT]
