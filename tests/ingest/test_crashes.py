"""Processes that are killed, and processes that meet: the library stays whole."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from word_embedder import WordEmbedder

from ingest import Library, rebuild, sync

ROOT = Path(__file__).resolve().parents[2]
SYNC = f"""
import sys, time
sys.path[:0] = [{str(ROOT)!r}, {str(Path(__file__).parent)!r}]
from word_embedder import WordEmbedder
from ingest import Library, rebuild, sync

class Slow(WordEmbedder):
    def embed_array(self, texts, *, progress=None):
        time.sleep(0.01)
        return super().embed_array(texts, progress=progress)

def tell(progress):
    print(progress.phase, progress.files, flush=True)

with Library(sys.argv[1], embedder=Slow(sys.argv[3]), any_embedder=True) as library:
    if sys.argv[4:] == ["rebuild"]:
        rebuild(library, tell)
    else:
        sync(library, [sys.argv[2]], progress=tell)
"""


def start(
    library: Path, docs: Path, embedder: str = "words", *more: str
) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", SYNC, str(library), str(docs), embedder, *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kill_after(process: "subprocess.Popen[str]", seconds: float) -> None:
    """Kill a sync so long after it began its work."""
    assert process.stdout
    process.stdout.readline()
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "docs"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number:02}.txt").write_text(f"Number {number}.\n\n" + "The fox naps. " * 60)
    return folder


def check_whole(library: Library) -> None:
    """What must hold of a library at any moment: spans, vectors, indexes equal to the database."""
    ids = library.store.chunk_ids()
    for passage in library.store.passages(ids):
        page = library.page(passage.source, passage.page)
        assert page.text[passage.start : passage.end] == passage.text
    assert library.store.embeddings(ids)[0] == ids
    assert sorted(chunk for chunk, _ in library.nearest("fox", 10_000)) == ids
    assert sorted(chunk for chunk, _ in library.matching("number fox naps", 10_000)) == ids
    for document in library.documents():
        assert document.chunks > 0


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_kill_at_any_moment_leaves_a_library_that_opens_and_completes(
    tmp_path: Path, docs: Path
) -> None:
    moments = random.Random(1)
    for turn in range(6):
        kill_after(start(tmp_path / "library", docs), moments.uniform(0, 0.8))
        with Library(tmp_path / "library", embedder=WordEmbedder()) as library:
            check_whole(library)
        (docs / f"{turn:02}.txt").write_text(f"Number {turn} has changed. The fox naps.")
        (docs / f"{turn + 30:02}.txt").unlink()
    with Library(tmp_path / "library", embedder=WordEmbedder()) as library:
        sync(library, [docs])
        check_whole(library)
        assert [d.source for d in library.documents()] == sorted(map(str, docs.iterdir()))
        changed = library.search("Number 3 has changed", 50)
        assert any(hit.page_content.startswith("Number 3 has changed") for hit in changed)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_rebuild_leaves_the_old_library(tmp_path: Path, docs: Path) -> None:
    with Library(tmp_path / "library", embedder=WordEmbedder()) as library:
        sync(library, [docs])
        ids = library.store.chunk_ids()
    kill_after(start(tmp_path / "library", docs, "other", "rebuild"), 0.2)
    with Library(tmp_path / "library", embedder=WordEmbedder()) as library:
        assert library.store.chunk_ids() == ids
        check_whole(library)
        rebuild(library)
        check_whole(library)


def test_a_second_process_waits_for_the_first_and_says_so(tmp_path: Path, docs: Path) -> None:
    first = start(tmp_path / "library", docs)
    assert first.stdout
    first.stdout.readline()
    second = start(tmp_path / "library", docs)
    told, _ = second.communicate(timeout=60)
    first.communicate(timeout=60)
    assert (first.returncode, second.returncode) == (0, 0)
    assert told.startswith("waiting")
    assert "embedding" not in told  # all was there already
    with Library(tmp_path / "library", embedder=WordEmbedder()) as library:
        check_whole(library)


def test_a_reader_in_another_process_sees_commits_while_a_sync_runs(
    tmp_path: Path, docs: Path
) -> None:
    with Library(tmp_path / "library", embedder=WordEmbedder()) as reader:
        writer = start(tmp_path / "library", docs)
        seen: list[int] = []
        while writer.poll() is None:
            seen.append(len(reader.search("fox naps", 500)))
        writer.communicate()
        assert seen == sorted(seen)
        assert len(set(seen)) > 0
        assert len(reader.search("fox naps", 500)) == reader.status()["chunks"]
