"""What can be done with a turn: rate the answer, have another, change the question, ask on."""

from __future__ import annotations

import streamlit as st

from app.conversation import Turn
from app.desk import Desk
from app.markup import label


def turn_tools(desk: Desk, turn: Turn, *, latest: bool) -> None:
    """The row below a finished answer. Only the latest is had again: others have more behind."""
    texts, number = desk.texts, turn.number
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=f"tools-{number}"
    ):
        if turn.answer.text:
            st.feedback(
                "thumbs",
                key=f"thumb-{number}",
                default=turn.thumb,
                on_change=_rate,
                args=(desk, turn),
            )
        if latest:
            st.button(
                texts.answer_again,
                key=f"again-{number}",
                icon=":material/refresh:",
                type="tertiary",
                on_click=_ask_again,
                args=(desk, turn),
            )
        st.button(
            texts.edit_question,
            key=f"edit-{number}",
            icon=":material/edit:",
            type="tertiary",
            on_click=_edit,
            args=(desk, turn.id),
        )
    if turn.thumb is not None:
        st.text_input(
            texts.feedback_why,
            value=turn.comment,
            key=f"why-{number}",
            max_chars=2000,
            placeholder=texts.feedback_why,
            label_visibility="collapsed",
            on_change=_rate,
            args=(desk, turn),
        )


def next_questions(desk: Desk, turn: Turn) -> None:
    """What may be asked after a finished answer; a click asks it."""
    if not turn.answer.next or turn.answer.state != "done":
        return
    st.html(f'<div class="kv-meta">{desk.texts.ask_next}</div>')
    for place, question in enumerate(turn.answer.next):
        st.button(
            label(question),
            key=f"next-{turn.number}-{place}",
            icon=":material/subdirectory_arrow_right:",
            type="tertiary",
            on_click=desk.ask,
            args=(question,),
        )


def edit_question(desk: Desk, turn: Turn, behind: int) -> None:
    """The question in a box, to be asked in another form; says how many answers give way."""
    texts, key = desk.texts, f"question-{turn.number}"
    with st.container(key="edit-question", gap="small"):
        st.text_area(
            texts.edit_question, value=turn.question, key=key, label_visibility="collapsed"
        )
        if behind:
            st.html(f'<div class="kv-meta">{texts.edit_replaces.format(count=behind)}</div>')
        with st.container(horizontal=True, gap="small"):
            st.button(
                texts.ask_edited,
                key="ask-edited",
                type="primary",
                on_click=_ask_edited,
                args=(desk, turn, key),
            )
            st.button(texts.edit_cancel, key="edit-cancel", on_click=_edit, args=(desk, ""))


def _rate(desk: Desk, turn: Turn) -> None:
    thumb = st.session_state[f"thumb-{turn.number}"]
    comment = st.session_state.get(f"why-{turn.number}", turn.comment)
    if desk.talk:
        desk.talk.rate(turn, thumb, comment or "")


def _ask_again(desk: Desk, turn: Turn) -> None:
    if desk.talk:
        desk.talk.ask_again(turn, turn.question)


def _edit(desk: Desk, turn: str) -> None:
    desk.editing = turn


def _ask_edited(desk: Desk, turn: Turn, key: str) -> None:
    desk.editing = ""
    question = (st.session_state[key] or "").strip()
    if desk.talk and question:
        desk.talk.ask_again(turn, question)
