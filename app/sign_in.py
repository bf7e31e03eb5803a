"""Signing in, where the person who runs the chat wants it: Streamlit's own, by OpenID Connect.

It is wanted where Streamlit's `secrets.toml` has a section `[auth]`.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.errors import StreamlitAuthError

from app.markup import escaped, label
from app.texts import Texts

AUTH = "auth"


def is_shut() -> bool:
    """Whether signing in is wanted, and this tab's person has not."""
    return st.user.get("is_logged_in") is False


def person() -> str:
    """Who signed in, "" where nobody does."""
    if not st.user.get("is_logged_in"):
        return ""
    return str(st.user.get("email") or st.user.get("sub") or "")


def sign_in_page(texts: Texts) -> None:
    """A door, with a button for every provider that there is."""
    st.html(f'<div class="kv-hello"><h1>Kvasir</h1><p>{texts.sign_in_help}</p></div>')
    for provider in _providers():
        put = texts.sign_in_with.format(provider=label(provider)) if provider else texts.sign_in
        if st.button(put, key=f"sign-in-{provider}", type="primary", icon=":material/login:"):
            try:
                st.login(provider or None)
            except StreamlitAuthError as error:
                st.error(label(str(error)), icon=":material/error:")


def sign_out_button(texts: Texts) -> None:
    """Who one is, and the way out; nothing where nobody signs in."""
    if not person():
        return
    name = str(st.user.get("name") or person())
    with st.container(
        horizontal=True,
        vertical_alignment="center",
        key="signed-in",
        horizontal_alignment="distribute",
    ):
        st.html(
            f'<div class="kv-meta" dir="auto" title="{escaped(person())}">{escaped(name)}</div>'
        )
        st.button(
            texts.sign_out,
            key="sign-out",
            type="tertiary",
            icon=":material/logout:",
            on_click=st.logout,
        )


def _providers() -> list[str]:
    """The names of the providers in the section, [""] where it has one without a name."""
    section = st.secrets[AUTH]
    return [name for name, value in section.items() if isinstance(value, Mapping)] or [""]
