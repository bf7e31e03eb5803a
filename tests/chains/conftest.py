"""A small library in both languages, with the bundled embedder and model, made once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ingest import Library, sync
from models.chat_model import KvasirChat
from models.embeddings import KvasirEmbeddings
from models.settings import get_settings

TEXTS = {
    "cats.txt": "Cats sleep for 13 hours a day. A group of cats is called a clowder. "
    "The oldest known pet cat was found on Cyprus and is 9,500 years old.",
    "lighthouse.txt": "The Pharos of Alexandria was completed in 280 BC. "
    "It was designed by Sostratus of Cnidus and stood over 100 metres tall.",
    "茶.txt": "绿茶不经过发酵。红茶是全发酵茶，起源于福建武夷山。"
    "龙井茶产于杭州西湖一带，以色绿、香郁著称。",
}


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """The tests' own settings, whatever is set outside; `settings(ANSWERS="written")` sets one."""

    def change(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"KVASIR_{name}", str(value))
        get_settings.cache_clear()

    names = "LIBRARY MODEL EMBEDDER ADAPTER ANSWERS RETRIEVE PASSAGES KV_REUSE KV_BUDGET KV_TYPE"
    for name in (*names.split(), "REFUSE", "RERANK"):
        monkeypatch.delenv(f"KVASIR_{name}", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    # One thread: two would wait for each other wherever something else runs on the machine, too.
    change(THREADS=1, CONTEXT=2048, MAX_TOKENS=24)
    yield change
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def embedder() -> KvasirEmbeddings:
    return KvasirEmbeddings("multilingual-e5-small")


@contextmanager
def made(folder: Path, embedder: KvasirEmbeddings) -> Iterator[Library]:
    """A library of the texts above."""
    (folder / "documents").mkdir()
    for name, text in TEXTS.items():
        (folder / "documents" / name).write_text(text, "utf-8")
    with Library(folder / "library", embedder=embedder) as library:
        assert not sync(library, [folder / "documents"]).failed
        yield library


@pytest.fixture(scope="session")
def library(
    tmp_path_factory: pytest.TempPathFactory, embedder: KvasirEmbeddings
) -> Iterator[Library]:
    """One for all tests that do not mind what was asked before."""
    with made(tmp_path_factory.mktemp("shared"), embedder) as library:
        yield library


@pytest.fixture
def cold_library(tmp_path: Path, embedder: KvasirEmbeddings) -> Iterator[Library]:
    """One that nothing was asked of yet: its folder holds no KV."""
    with made(tmp_path, embedder) as library:
        yield library


@pytest.fixture
def chat() -> KvasirChat:
    return KvasirChat(model="smollm2-135m")
