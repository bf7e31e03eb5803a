import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from word_embedder import WordEmbedder

import ingest.load
from ingest.errors import DocumentError
from ingest.library import Library
from ingest.load.loaded import Loaded
from ingest.page import Page


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def library(tmp_path: Path, embedder: WordEmbedder) -> Iterator[Library]:
    with Library(tmp_path / "library", embedder=embedder) as opened:
        yield opened


def read_plainly(
    path: Path, *, name: str | None = None, progress: Callable[[int, int], None] | None = None
) -> Loaded:
    """In the place of load_in_worker: text files, form feeds between pages, no process."""
    name = name or path.name
    if not name.endswith(".txt"):
        raise DocumentError(f"{name} is in no format that Kvasir reads")
    pages = path.read_text("utf-8").split("\f")
    return Loaded(tuple(Page(n, text) for n, text in enumerate(pages, 1)), "txt", Path(name).stem)


@pytest.fixture
def plain_loader(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Loaded]:
    """Files are read in this process: quick, for tests of everything but parsing."""
    monkeypatch.setattr(ingest.load, "load_in_worker", read_plainly, raising=False)
    return read_plainly
