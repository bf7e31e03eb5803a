"""The chat: questions, answers with their evidence, and files dropped in between."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import StopException

from app.answer_view import AnswerView
from app.conversation import Delivery, File, Turn
from app.desk import Desk, my_desk
from app.markup import escaped
from app.passage_view import show_passage
from app.reply import Reply
from app.resources import shared_chain, shared_library
from app.sample_set import has_samples
from app.samples_offer import offer_samples
from app.upload_view import UploadView
from app.uploads import Uploads
from app.watch import watch
from chains import RagChain


def chat_page() -> None:
    """Draw the page; while something is under way, stay and watch it."""
    desk = my_desk()
    try:
        _draw(desk)
    except StopException:  # Stop was pressed, or the tab closed
        desk.stop()
        raise


def _draw(desk: Desk) -> None:
    chain = shared_chain()  # wakes the models while the first question is being typed
    if desk.opened:
        opened, desk.opened = desk.opened, None
        show_passage(opened, shared_library(), desk.texts)
    empty_chat = st.empty()
    submitted = st.chat_input(desk.texts.ask, key="ask", accept_file="multiple", submit_mode="stop")
    if submitted:
        _take(desk, submitted)
    if not desk.conversation.entries:
        with empty_chat.container():
            _welcome(desk)
    entries = list(desk.conversation.entries)
    for entry in entries:
        if isinstance(entry, Delivery):
            _draw_delivery(desk, entry)
        else:
            latest = entry is entries[-1]
            _draw_turn(desk, entry, chain, latest=latest, stoppable=not submitted)


def _take(desk: Desk, submitted: Any) -> None:
    """A submission: files first, so that the question may already be about them."""
    if submitted.files:
        desk.deliver([File(given.name, given.getvalue()) for given in submitted.files])
    if submitted.text.strip():
        if submitted.files:
            desk.conversation.entries.append(Turn(submitted.text.strip()))
        else:
            desk.ask(submitted.text.strip())


def _welcome(desk: Desk) -> None:
    texts, library = desk.texts, shared_library()
    documents = library.documents()
    readable = sum(document.status == "ok" for document in documents)
    lead = texts.hello_library.format(documents=readable) if readable else texts.hello_empty
    st.html(f'<div class="kv-hello"><h1>{texts.hello}</h1><p>{lead}</p></div>')
    if not readable:
        offer_samples(desk)
    elif has_samples(documents):
        st.html(f'<div class="kv-try">{texts.try_one}</div>')
        with st.container(key="suggestions", gap="small"):
            for place, question in enumerate(texts.suggestions):
                st.button(
                    question,
                    key=f"suggestion-{place}",
                    width="stretch",
                    on_click=desk.ask,
                    args=(question,),
                )


def _draw_delivery(desk: Desk, delivery: Delivery) -> None:
    view = UploadView(delivery, desk.texts)
    if all(file.share == 1.0 for file in delivery.files):
        view.draw()
    else:
        watch(
            desk.job(delivery.number, partial(Uploads, shared_library(), delivery.files)),
            view.draw,
        )


def _draw_turn(desk: Desk, turn: Turn, chain: RagChain, *, latest: bool, stoppable: bool) -> None:
    with st.chat_message("user", avatar=":material/person:"):
        st.html(f'<div class="kv-question" dir="auto">{escaped(turn.question)}</div>')
    with st.chat_message("assistant", avatar=":material/auto_stories:"):
        view = AnswerView(turn, desk, latest=latest, stoppable=stoppable)
        if turn.answer.over:
            view.draw()
            return
        history = desk.conversation.history(turn)
        make = partial(Reply, chain, turn.question, history, turn.answer)
        watch(desk.job(turn.number, make), view.draw)
