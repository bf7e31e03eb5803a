"""The chat: questions, answers with their evidence, and files dropped in between."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.answer_view import AnswerView
from app.choice_view import choice_view
from app.conversation import Delivery, Turn
from app.desk import Desk, my_desk
from app.dropped import delivery_of
from app.job import Job
from app.markup import escaped
from app.resources import shared_chain, shared_gate, shared_library
from app.sample_set import has_samples
from app.samples_offer import offer_samples
from app.source_view import SourceView
from app.talk import Talk
from app.turn_tools import edit_question, next_questions, turn_tools
from app.upload_view import UploadView
from app.watch import watch_all

ASK = "ask"
Drawn = tuple[Job | None, Callable[[], object], Callable[[], object]]
"""The work that is still to be watched, what draws it, and what is drawn when all has ended."""


def chat_page() -> None:
    """Draw the page; while something is under way, stay and watch it.

    A run that ends in the midst, by a click or with its tab, stops none of the work.
    """
    desk = my_desk()
    chain = shared_chain()  # wakes the models while the first question is being typed
    empty_chat, room, stop = st.empty(), st.container(key="entries"), st.empty()
    choice_view(desk, shared_library())
    st.chat_input(desk.texts.ask, key=ASK, accept_file="multiple", on_submit=_take, args=(desk,))
    source = _source(desk)
    if desk.talk is None or not desk.conversation.entries:
        desk.shown = []
        with empty_chat.container():
            _welcome(desk)
        return
    desk.talk.begin(chain, shared_gate())
    with room:
        drawn = _entries(desk, desk.talk)
    beside = [(source.job, source.draw)] if source and source.job else []
    if live := [(job, draw) for job, draw, _ in drawn if job]:
        with stop.container(key="stop-bar"):
            st.button(
                desk.texts.stop, key="stop", icon=":material/stop_circle:", on_click=desk.stop
            )
        watch_all([*beside, *live])
        stop.empty()
    for _, _, finish in drawn:
        finish()
    if source:
        source.watch()
    desk.talk.check()


def _source(desk: Desk) -> SourceView | None:
    """The source beside the chat, if one is open; what another one left in its place goes first."""
    same = desk.source is not None and desk.source is desk.beside
    place = st.container() if same else st.empty()
    desk.beside = desk.source
    if desk.source is None:
        return None
    with place if same else place.container():
        return SourceView(desk, desk.source, shared_library())


def _entries(desk: Desk, talk: Talk) -> list[Drawn]:
    """All entries, each in its place.

    Streamlit leaves what stood in a place until the run ends, which may be long after: what
    another entry left is cleared first.
    """
    entries, drawn = talk.conversation.entries, []
    for place, entry in enumerate(entries):
        same = desk.shown[place : place + 1] == [entry.number]
        with st.container() if same else st.empty().container():
            drawn.append(_drawn(desk, talk, entry))
    for _ in desk.shown[len(entries) :]:
        st.empty()
    desk.shown = [entry.number for entry in entries]
    return drawn


def _take(desk: Desk) -> None:
    """A submission: files first, so that the question may already be about them."""
    submitted = st.session_state[ASK]
    if submitted.files:
        desk.deliver(delivery_of(submitted.files))
    if submitted.text.strip():
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


def _drawn(desk: Desk, talk: Talk, entry: Turn | Delivery) -> Drawn:
    if isinstance(entry, Delivery):
        upload = UploadView(entry, desk.texts)
        return _watched(entry.over, talk.job(entry), upload.draw), upload.draw, lambda: None
    return _drawn_turn(desk, talk, entry)


def _drawn_turn(desk: Desk, talk: Talk, turn: Turn) -> Drawn:
    entries = talk.conversation.entries
    latest = turn is entries[-1]
    over = turn.over
    with st.chat_message("user", avatar=":material/person:"):
        st.html(f'<div class="kv-question" dir="auto">{escaped(turn.question)}</div>')
        if turn.choice:
            names = escaped(turn.choice.told())
            line = desk.texts.limited_to.format(names=names)
            st.html(f'<div class="kv-meta kv-limited" dir="auto">{line}</div>')
    with st.chat_message("assistant", avatar=":material/auto_stories:"):
        view = AnswerView(turn, desk, latest=latest)
        job = _watched(over, talk.job(turn), view.draw)
        tools = st.container(key=f"below-{turn.number}")
        # Only a place that is emptied loses at once what stood in it.
        behind_it = st.container(key=f"next-{turn.number}") if latest else st.empty()

    def finish() -> None:
        if latest and desk.editing != turn.id:
            with behind_it:
                next_questions(desk, turn)
        with tools:
            if desk.editing == turn.id:
                behind = entries[entries.index(turn) + 1 :]
                edit_question(desk, turn, sum(isinstance(entry, Turn) for entry in behind))
            else:
                turn_tools(desk, turn, latest=latest)

    return job, view.draw, finish


def _watched(over: bool, job: Job | None, draw: Callable[[], object]) -> Job | None:
    """The job, if it is to be watched; what is over is drawn now."""
    if job is None or over:
        draw()
        return None
    return job
