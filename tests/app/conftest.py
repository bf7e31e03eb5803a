"""A small library without models, a chat model that says what it is told, and the real chain.

And all of it, real, in a browser.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
import streamlit as st
from playwright.sync_api import Browser

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "ingest"))

from running_chat import Chat, chromium
from talking_model import TalkingModel
from word_embedder import WordEmbedder

import app.resources
import ingest.load
from chains import RagChain, rag_chain
from ingest import DocumentError, Library, Page, add_upload
from ingest.load.loaded import Loaded
from models.settings import get_settings

CATS = "Cats sleep for 13 hours a day. A group of cats is called a clowder."
TOWER = "The Pharos of Alexandria was completed in 280 BC. It stood over 100 metres tall."


def read_plainly(
    path: Path, *, name: str | None = None, progress: Callable[[int, int], None] | None = None
) -> Loaded:
    """In the place of load_in_worker: text files, form feeds between pages, no process."""
    name = name or path.name
    if not name.endswith(".txt"):
        raise DocumentError(f"{name} is in no format that Kvasir reads")
    texts = path.read_text("utf-8").split("\f")
    labels = [str(n) if len(texts) > 1 else "" for n in range(1, len(texts) + 1)]
    pages = (Page(n, text, labels[n - 1]) for n, text in enumerate(texts, 1))
    return Loaded(tuple(pages), "txt", Path(name).stem)


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The tests' own settings, whatever is set outside."""
    for name in ("MODEL", "EMBEDDER", "ADAPTER", "ANSWERS", "RETRIEVE", "PASSAGES", "KV_REUSE"):
        monkeypatch.delenv(f"KVASIR_{name}", raising=False)
    monkeypatch.setenv("KVASIR_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture
def empty_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    monkeypatch.setattr(ingest.load, "load_in_worker", read_plainly)
    with Library(tmp_path / "library", embedder=WordEmbedder()) as opened:
        yield opened


@pytest.fixture
def library(empty_library: Library) -> Library:
    add_upload(empty_library, "cats.txt", CATS.encode())
    add_upload(empty_library, "tower.txt", ("A first page.\f" + TOWER).encode())
    return empty_library


@pytest.fixture
def model() -> TalkingModel:
    go_on = Event()
    go_on.set()
    return TalkingModel(go_on=go_on, closed=Event())


@pytest.fixture
def chain(library: Library, model: TalkingModel) -> RagChain:
    return rag_chain(library, llm=model)


@pytest.fixture
def share(monkeypatch: pytest.MonkeyPatch, model: TalkingModel) -> Iterator[Callable[..., None]]:
    """`share(library)`: what the pages find as the library and the chain of this process."""

    def give(library: Library) -> None:
        st.cache_resource.clear()
        monkeypatch.setattr(app.resources, "Library", lambda folder: library)
        monkeypatch.setattr(app.resources, "rag_chain", lambda lib: rag_chain(lib, llm=model))

    yield give
    st.cache_resource.clear()


# ---- `python app` in a browser, one for the tests of a file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library's; there is nothing in it yet."""
    return tmp_path_factory.mktemp("chat") / "library"


@pytest.fixture(scope="module")
def settings_of_chat() -> dict[str, str]:
    """What a file's chat is started with; files have their own."""
    return {}


@pytest.fixture(scope="module")
def chat(folder: Path, settings_of_chat: dict[str, str]) -> Iterator[Chat]:
    with Chat(folder, **settings_of_chat) as chat:
        yield chat
        code, said = chat.interrupt(), chat.said()
    assert code == 0
    assert "Traceback" not in said
    assert "13 documents" in said


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser
