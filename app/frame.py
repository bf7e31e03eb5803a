"""What stands around every page: the title, the pages, the sidebar, and notices for people."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.chat_page import chat_page
from app.desk import KEY, Desk, my_desk
from app.documents_page import documents_page
from app.markup import label
from app.resources import shared_library
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
    page = st.navigation(
        [
            st.Page(chat_page, title=desk.texts.chat, icon=":material/chat_bubble:", default=True),
            st.Page(
                documents_page,
                title=desk.texts.documents,
                icon=":material/folder_open:",
                url_path="documents",
            ),
        ]
    )
    try:
        _sidebar(desk)
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
    return desk


def _sidebar(desk: Desk) -> None:
    texts = desk.texts
    with st.sidebar:
        st.button(
            texts.new_chat,
            key="new-chat",
            icon=":material/edit_square:",
            width="stretch",
            on_click=desk.clear,
        )
        counts = shared_library().store.counts()
        line = texts.library_counts.format(**counts) if counts["documents"] else texts.library_empty
        with st.container(key="sidebar-foot"):
            st.html(f'<div class="kv-meta">{texts.tagline}<br>{line}</div>')
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
