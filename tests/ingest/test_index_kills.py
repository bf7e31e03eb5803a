"""Indexes of large libraries whose writer is killed at any moment are those of the database.

KVASIR_KILLS says how many times (6 by default).
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import index_writer
import pytest
from word_embedder import WordEmbedder

import ingest.indexes
import ingest.vector_base
import ingest.vectors
from ingest import Library
from ingest.keywords import KeywordIndex
from ingest.vectors import VectorIndex

KILLS = int(os.environ.get("KVASIR_KILLS", "6"))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in (
        (ingest.vector_base, "EXACT"),
        (ingest.vector_base, "COMPARED"),
        (ingest.vectors, "LEAST"),
        (ingest.indexes, "LOG_LEAST"),
    ):
        monkeypatch.setattr(module, name, getattr(module, name))  # given back afterwards
    index_writer.make_small()


def write_until_killed(folder: Path, seed: int, seconds: float) -> None:
    script = Path(__file__).with_name("index_writer.py")
    command = [sys.executable, str(script), str(folder), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == "writing\n"
        time.sleep(seconds)
        writer.send_signal(signal.SIGKILL)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_writer_killed_at_any_moment_leaves_indexes_that_follow_the_database(
    tmp_path: Path,
) -> None:
    chance = random.Random(3)
    for turn in range(KILLS):
        write_until_killed(tmp_path, turn, chance.uniform(0.05, 1.5))
        with Library(tmp_path, embedder=WordEmbedder()) as library:
            vectors = VectorIndex(tmp_path, library.store)
            vectors.catch_up()  # as a reader does while another process writes
            assert vectors.check() == []
            opened = KeywordIndex(tmp_path, library.store)
            assert -1 <= opened.seq <= library.store.seq()
            ids = library.store.chunk_ids()
            assert sorted(chunk for chunk, _ in library.nearest("fox", 10_000)) == ids
            every = " ".join(index_writer.WORDS)
            assert sorted(chunk for chunk, _ in library.matching(every, 10_000)) == ids
            assert library.check_indexes() == []
            for best, score in library.nearest("fox mill", 3):
                _, rows = library.store.embeddings([best])
                asked = WordEmbedder().embed_array(["fox mill"])[0]
                assert abs(float(rows[0] @ asked) - score) < 1e-3
