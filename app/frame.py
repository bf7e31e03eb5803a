"""What stands around every page: the title, the pages, the sidebar, and notices for people."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.address import follow, write
from app.chat_list import chat_list
from app.chat_page import chat_page
from app.desk import KEY, Desk, my_desk
from app.documents_page import documents_page
from app.engine_page import engine_page
from app.markup import label
from app.page_script import SCRIPT
from app.quality_page import quality_page
from app.resources import shared_library, shared_talks
from app.sign_in import is_shut, person, sign_in_page, sign_out_button
from app.talks import Talks
from app.texts import NAMES, TONGUES, tongue_of
from models.errors import KvasirError

HERE = Path(__file__).resolve().parent
IN_ADDRESS = "lang"


def run() -> None:
    """Draw the page that is asked for. A KvasirError becomes a notice, a bug its traceback."""
    st.set_page_config(page_title="Kvasir", page_icon=str(HERE / "icon.svg"), layout="centered")
    st.html(HERE / "style.css")
    st.logo(str(HERE / "logo.svg"), size="large", icon_image=str(HERE / "icon.svg"))
    desk = _desk_with_language()
    chat = st.Page(chat_page, title=desk.texts.chat, icon=":material/chat_bubble:", default=True)
    page = st.navigation(
        [
            chat,
            st.Page(
                documents_page,
                title=desk.texts.documents,
                icon=":material/folder_open:",
                url_path="documents",
            ),
            st.Page(
                engine_page,
                title=desk.texts.engine,
                icon=":material/memory:",
                url_path="engine",
            ),
            st.Page(
                quality_page,
                title=desk.texts.quality,
                icon=":material/monitoring:",
                url_path="quality",
            ),
        ],
        position="hidden" if is_shut() else "sidebar",
    )
    if is_shut():
        sign_in_page(desk.texts)
        return
    try:
        talks = shared_talks()
        follow(desk, talks)
        if desk.to_chat:
            desk.to_chat = False
            if page != chat:
                st.switch_page(chat)
        write(desk)
        _sidebar(desk, talks)
        _notice(desk)
        page.run()
    except KvasirError as error:
        st.error(label(str(error)), icon=":material/error:")


def _desk_with_language() -> Desk:
    """The tab's desk; a new tab speaks the address's language, or else the browser's."""
    new = KEY not in st.session_state
    desk = my_desk()
    if new:
        asked = st.query_params.get(IN_ADDRESS)
        desk.tongue = next((t for t in TONGUES if t == asked), tongue_of(st.context.locale))
        desk.person = person()
    return desk


def _notice(desk: Desk) -> None:
    """What a click came to, said once."""
    if desk.notice:
        st.toast(label(desk.notice), icon=":material/info:")
        desk.notice = ""


def _sidebar(desk: Desk, talks: Talks) -> None:
    texts = desk.texts
    with st.sidebar:
        chat_list(desk, talks)
        counts = shared_library().store.counts()
        line = texts.library_counts.format(**counts) if counts["documents"] else texts.library_empty
        with st.container(key="sidebar-foot"):
            sign_out_button(texts)
            # The script goes with words, for it would leave a gap by itself.
            st.html(
                f'<div class="kv-meta">{texts.tagline}<br>{line}</div>{SCRIPT}',
                unsafe_allow_javascript=True,
            )
            st.segmented_control(
                texts.language,
                TONGUES,
                default=desk.tongue,
                format_func=NAMES.__getitem__,
                key="tongue",
                required=True,
                label_visibility="collapsed",
                on_change=_switch,
                args=(desk,),
            )


def _switch(desk: Desk) -> None:
    desk.tongue = st.session_state["tongue"]
    st.query_params[IN_ADDRESS] = desk.tongue
