"""What all sessions of the chat share: one library, its conversations, one chain."""

from __future__ import annotations

import streamlit as st

from app.engine_room import EngineRoom
from app.evaluation import Bench
from app.gate import Gate
from app.open_chats import open_chats
from app.talks import Talks
from app.waking import Waking
from chains import RagChain, rag_chain
from ingest import Library
from models.settings import get_settings


@st.cache_resource(show_spinner=False)
def shared_library() -> Library:
    """The settings' library, opened or created once. Raises LibraryError."""
    return Library(get_settings().library)


@st.cache_resource(show_spinner=False)
def shared_talks() -> Talks:
    """The conversations about it, kept in its folder."""
    return Talks(*open_chats(shared_library().folder))


@st.cache_resource(show_spinner=False)
def shared_gate() -> Gate:
    """The gate that answers pass, so that the model is not changed under them."""
    return Gate()


def shared_chain() -> RagChain:
    """The chain over it; model and embedder are loaded meanwhile, before anybody asks."""
    return _chain_and_waking()[0]


def shared_waking() -> Waking:
    """The loading of the chain's models, under way or over."""
    return _chain_and_waking()[1]


@st.cache_resource(show_spinner=False)
def shared_engine_room() -> EngineRoom:
    """Where the chain's model is looked after and changed."""
    return EngineRoom(shared_chain(), shared_gate())


@st.cache_resource(show_spinner=False)
def shared_bench() -> Bench:
    """Where the chain is evaluated."""
    return Bench(shared_chain(), shared_gate())


@st.cache_resource(show_spinner=False)
def _chain_and_waking() -> tuple[RagChain, Waking]:
    chain = rag_chain(shared_library())
    waking = Waking(chain, shared_gate())
    waking.start()
    return chain, waking
