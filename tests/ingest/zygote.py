"""A process that has imported everything and forks a sync on request, to be killed at once.

Run as `python zygote.py`; a request is a line of JSON: library, paths, embedder. It answers with
the child's process id, and with "done" or "killed" when the child has ended.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

# ruff: noqa: E402 - this runs as a script, from anywhere
sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).parent)]

import conftest
from word_embedder import WordEmbedder

import ingest.embed
import ingest.keywords
import ingest.load
import ingest.vectors  # what is imported now, no child has to
from ingest import Library, rebuild, sync


class SlowEmbedder(WordEmbedder):
    """Takes long enough to be killed over it."""

    def embed_array(self, texts: Sequence[str], **keywords: object) -> np.ndarray:
        time.sleep(0.002 * len(texts))
        return super().embed_array(texts)


def work(request: dict[str, str]) -> None:
    ingest.load.load_in_worker = conftest.read_plainly  # type: ignore[assignment]
    ingest.embed.CHECKPOINT_S = 0.01
    embedder = SlowEmbedder(request["embedder"])
    with Library(request["library"], embedder=embedder, any_embedder=True) as library:
        if request["job"] == "rebuild":
            rebuild(library)
        else:
            sync(library, [request["docs"]])


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if not child:
            work(json.loads(line))
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write("killed\n" if os.WIFSIGNALED(status) else f"done {status}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
