"""A sync that is killed at any moment leaves a sound library, and the next one completes it.

KVASIR_KILLS says how many times (12 by default, which takes seconds).
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from word_embedder import WordEmbedder

from ingest import Library, sync
from ingest.doctor import examine

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL"),
    pytest.mark.usefixtures("plain_loader"),
]

KILLS = int(os.environ.get("KVASIR_KILLS", "12"))
WORDS = "fox whale bee tide mill glass snow 狐狸 鲸鱼 wheel river lamp stone".split()


class Zygote:
    """Starts syncs that can be killed at once: see zygote.py."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("zygote.py")
        self._process = subprocess.Popen(
            [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, killed_after: float | None, **request: str) -> str:
        """Have something done, killed so many seconds after its start; says how it ended."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        child = int(self._process.stdout.readline())
        if killed_after is not None:
            time.sleep(killed_after)
            with suppress(ProcessLookupError):  # it was done before
                os.kill(child, signal.SIGKILL)
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(20)
        assert self._process.stdout
        self._process.stdout.close()


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    started = Zygote()
    with TemporaryDirectory() as folder:  # so that it has imported everything
        assert started.run(None, job="sync", library=folder, docs=folder, embedder="w") == "done 0"
    yield started
    started.close()


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "docs"
    folder.mkdir()
    return folder


def text_of(draw: random.Random) -> str:
    """A document of a few sentences or of some pages; two may well share some."""
    sentences = [
        " ".join(draw.choice(WORDS) for _ in range(5)) + "." for _ in range(draw.choice([1, 3, 40]))
    ]
    return draw.choice(["\n\n", "\f"]).join(sentences)


def change(docs: Path, draw: random.Random) -> None:
    """Add, edit, rename and remove some files."""
    for _ in range(draw.randint(1, 8)):
        there = sorted(docs.rglob("*.txt"))
        what = draw.choice(["add", "add", "edit", "rename", "remove"]) if there else "add"
        name = docs / draw.choice(["", "sub", "sub/deep"]) / f"{draw.randrange(30)}.txt"
        name.parent.mkdir(parents=True, exist_ok=True)
        if what == "add":
            name.write_text(text_of(draw), "utf-8")
        elif what == "edit":
            draw.choice(there).write_text(text_of(draw), "utf-8")
        elif what == "rename":
            draw.choice(there).replace(name)
        else:
            draw.choice(there).unlink()


def content(library: Library) -> list[tuple[object, ...]]:
    """All that a library holds, without its ids."""
    return [
        (d.source, d.hash, d.title, p.page, p.start, p.end, p.text)
        for d in library.documents()
        for p in sorted(
            library.store.passages(
                [c for c in library.store.chunk_ids() if c in chunks_of(library, d.id)]
            ),
            key=lambda p: (p.page, p.start),
        )
    ]


def chunks_of(library: Library, document: int) -> set[int]:
    with library.store.snapshot() as connection:
        rows = connection.execute("SELECT id FROM chunks WHERE document = ?", (document,))
        return {row[0] for row in rows}


def sound(library: Library) -> bool:
    """Whether nothing is wrong with it but that some files are not read yet."""
    return [finding for finding in examine(library) if finding.check != "file"] == []


def test_a_sync_killed_at_any_moment_leaves_a_sound_library_and_the_next_completes_it(
    tmp_path: Path, docs: Path, zygote: Zygote
) -> None:
    draw = random.Random(4)
    change(docs, draw)
    started = time.monotonic()
    ended = zygote.run(None, job="sync", library=str(tmp_path / "0"), docs=str(docs), embedder="w")
    usual = time.monotonic() - started
    assert ended == "done 0"
    killed = 0
    for turn in range(KILLS):
        place = str(tmp_path / str(turn // 4))  # now a first ingest, now changes and removals
        change(docs, draw)
        wait = draw.uniform(0, usual)
        ended = zygote.run(wait, job="sync", library=place, docs=str(docs), embedder="w")
        killed += ended == "killed"
        with Library(place, embedder=WordEmbedder("w")) as library:
            assert sound(library), f"after kill {turn} at {wait:.3f} s"
            if turn % 2:
                continue  # and the next kill comes on top of it
            sync(library, [docs])
            assert examine(library) == []
            with Library(tmp_path / "undisturbed", embedder=WordEmbedder("w")) as other:
                sync(other, [docs])
                assert content(library) == content(other)
    assert killed > KILLS // 3


def test_a_rebuild_killed_at_any_moment_leaves_the_old_library_or_the_new_one(
    tmp_path: Path, docs: Path, zygote: Zygote
) -> None:
    draw = random.Random(5)
    for _ in range(4):
        change(docs, draw)
    place = str(tmp_path / "library")
    with Library(place, embedder=WordEmbedder("w")) as library:
        sync(library, [docs])
        before = content(library)
    for turn in range(max(2, KILLS // 4)):
        name = f"w{turn}"
        zygote.run(draw.uniform(0, 1), job="rebuild", library=place, docs="", embedder=name)
        with Library(place, any_embedder=True) as library:
            stored = library.built_with[0]
        with Library(place, embedder=WordEmbedder(stored)) as library:
            assert sound(library)
            assert content(library) == before
