"""The conversations in the sidebar: found, opened, renamed, taken away as files, deleted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import wraps
from typing import Any

import streamlit as st

from app.address import open_chat
from app.chats import ChatLine
from app.conversation import Conversation
from app.desk import Desk
from app.errors import ChatsError
from app.export import FORMATS, file_name
from app.kept import clean
from app.markup import escaped, label
from app.talks import Talks
from app.texts import Texts

STEP = 20


def chat_list(desk: Desk, talks: Talks) -> None:
    """A button for a new conversation, and those that are kept, newest first."""
    texts = desk.texts
    st.button(
        texts.new_chat,
        key="new-chat",
        icon=":material/edit_square:",
        width="stretch",
        on_click=_begin,
        args=(desk, talks),
    )
    try:
        _list(desk, talks)
    except ChatsError as error:
        st.html(_trouble(str(error), texts))
    troubles = dict.fromkeys((talks.trouble, desk.talk.trouble if desk.talk else ""))
    for trouble in filter(None, troubles):
        st.html(_trouble(trouble, texts))


def _list(desk: Desk, talks: Talks) -> None:
    texts = desk.texts
    if desk.deleted:
        _offer_undo(desk, talks, desk.deleted)
    search = ""
    if talks.chats.listed(desk.person, limit=1):
        search = st.text_input(
            texts.find_chat,
            key="find-chat",
            icon=":material/search:",
            placeholder=texts.find_chat,
            label_visibility="collapsed",
        )
    lines = talks.chats.listed(desk.person, clean(search or ""), desk.chats_listed + 1)
    if not lines:
        st.html(f'<div class="kv-meta">{texts.no_chat_found if search else texts.no_chats}</div>')
    with st.container(key="chats", gap=None):
        day = ""
        for line in lines[: desk.chats_listed]:
            if day != (day := _day(line.changed_at, texts)):
                st.html(f'<div class="kv-day">{day}</div>')
            _row(desk, talks, line)
    if len(lines) > desk.chats_listed:
        st.button(texts.more, key="more-chats", type="tertiary", on_click=_more, args=(desk,))


def _row(desk: Desk, talks: Talks, line: ChatLine) -> None:
    texts = desk.texts
    now = desk.talk is not None and desk.talk.id == line.id
    key = f"chat-{'now' if now else 'row'}-{line.id}"
    with st.container(horizontal=True, vertical_alignment="center", key=key, gap=None):
        st.button(
            label(line.title) or "…",
            key=f"open-chat-{line.id}",
            type="tertiary",
            width="stretch",
            on_click=open_chat,
            args=(desk, talks, line.id),
        )
        st.button(
            "",
            key=f"menu-{line.id}",
            icon=":material/more_horiz:",
            type="tertiary",
            help=texts.chat_menu,
            on_click=_unfold,
            args=(desk, line.id),
        )
    below = st.empty()  # always there: a menu that is folded goes at once
    if desk.unfolded == line.id:
        with below.container():
            _menu(desk, talks, line)


def _menu(desk: Desk, talks: Talks, line: ChatLine) -> None:
    texts, key = desk.texts, f"title-{line.id}"

    def rename() -> None:
        desk.unfolded = ""
        title = " ".join(clean(st.session_state[key] or "").split())
        if title:
            talks.chats.rename(line.id, title)

    with st.container(border=True, key="chat-menu", gap="small"):
        st.text_input(
            texts.rename,
            value=line.title[:200],
            key=key,
            max_chars=200,
            on_change=_told(desk, rename),
        )
        with st.container(horizontal=True, vertical_alignment="center", key="chat-exports"):
            st.html(f'<div class="kv-meta">{texts.save_as}</div>')
            conversation = talks.read(line.id, desk.person) or Conversation()
            # Written now and not at the click: a click on a page that is just changing would fail.
            for name, (ending, mime, write) in FORMATS.items():
                st.download_button(
                    name,
                    data=clean(write(conversation, texts)),
                    file_name=file_name(line.title, ending),
                    mime=mime,
                    key=f"export-{ending}-{line.id}",
                    type="tertiary",
                    help=texts.export.format(format=name),
                    on_click="ignore",
                )
        st.button(
            texts.delete_chat,
            key=f"delete-{line.id}",
            icon=":material/delete:",
            type="tertiary",
            on_click=_told(desk, _delete),
            args=(desk, talks, line),
        )


def _offer_undo(desk: Desk, talks: Talks, line: ChatLine) -> None:
    with st.container(border=True, key="undo", gap="small"):
        title = escaped(line.title)
        st.html(f'<div class="kv-meta">{desk.texts.deleted_chat.format(title=title)}</div>')
        st.button(
            desk.texts.undo,
            key="undo-delete",
            icon=":material/undo:",
            type="tertiary",
            on_click=_told(desk, _undo),
            args=(desk, talks, line),
        )


def _begin(desk: Desk, talks: Talks) -> None:
    desk.deleted = None
    desk.lay(talks.begin(desk.person))


def _unfold(desk: Desk, chat: str) -> None:
    desk.unfolded = "" if desk.unfolded == chat else chat


def _delete(desk: Desk, talks: Talks, line: ChatLine) -> None:
    talks.delete(line.id)
    if desk.talk and desk.talk.id == line.id:
        desk.lay(talks.begin(desk.person))
    desk.unfolded, desk.deleted = "", line


def _undo(desk: Desk, talks: Talks, line: ChatLine) -> None:
    talks.chats.restore(line.id)
    open_chat(desk, talks, line.id)


def _more(desk: Desk) -> None:
    desk.chats_listed += STEP


def _told(desk: Desk, act: Callable[..., None]) -> Callable[..., None]:
    """What a click does; if the conversations cannot be written, the page says so."""

    @wraps(act)
    def told(*args: Any) -> None:
        try:
            act(*args)
        except ChatsError as error:
            desk.notice = str(error)

    return told


def _day(moment: float, texts: Texts) -> str:
    """Today, yesterday, within the week, or earlier, by the browser's clock."""
    offset = st.context.timezone_offset or 0  # minutes behind UTC
    zone = timezone(timedelta(minutes=-offset))
    age = (
        datetime.now(zone).date() - datetime.fromtimestamp(moment, UTC).astimezone(zone).date()
    ).days
    names = ((0, texts.today), (1, texts.yesterday), (7, texts.this_week))
    return next((name for days, name in names if age <= days), texts.earlier)


def _trouble(trouble: str, texts: Texts) -> str:
    return f'<div class="kv-failed">{texts.not_kept.format(reason=escaped(trouble))}</div>'
