"""A process that changes a library and saves its indexes, over and over, until it is killed.

Run as `python index_writer.py FOLDER SEED`; it says "writing" when it begins. The dense index is
trained and its file replaced as if the library were large.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

# ruff: noqa: E402 - this runs as a script, from anywhere
sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).parent)]

from word_embedder import WordEmbedder

import ingest.indexes
import ingest.keywords
import ingest.vector_base
import ingest.vectors
from ingest import Library
from ingest.document import FileFacts
from ingest.page import Page
from ingest.split import Chunk
from ingest.store import Store

WORDS = "fox whale bee tide mill glass snow wheel river lamp stone".split()
CHUNKS = 20


def make_small() -> None:
    """What is done for large libraries is done for those of a few hundred chunks."""
    ingest.vector_base.EXACT = 200
    ingest.vector_base.COMPARED = 10_000
    ingest.vectors.LEAST = 20
    ingest.indexes.LOG_LEAST = 100


def put(store: Store, number: int, chance: random.Random) -> None:
    """A document in the place of that number."""
    texts = [" ".join(chance.choices(WORDS, k=4)) for _ in range(CHUNKS)]
    chunks, start = [], 0
    for text in texts:
        chunks.append(Chunk(1, start, start + len(text), text))
        start += len(text) + 1
    digests = [text.encode() for text in texts]
    rows = WordEmbedder().embed_array(texts).astype("<f2")
    store.replace(
        FileFacts(f"/docs/{number}.txt", "path", "hash", 1, 1),
        title="",
        format="txt",
        pages=[Page(1, " ".join(texts))],
        chunks=chunks,
        digests=digests,
        fresh={key: row.tobytes() for key, row in zip(digests, rows, strict=True)},
    )


def main(folder: str, seed: str) -> None:
    make_small()
    chance = random.Random(seed)
    with Library(folder, any_embedder=True) as library:
        library.store.set_embedder("words", 64)
        sys.stdout.write("writing\n")
        sys.stdout.flush()
        while True:
            for _ in range(chance.randint(1, 6)):
                put(library.store, chance.randint(0, 29), chance)
            library.store.remove([f"/docs/{chance.randint(0, 29)}.txt"])
            with library.writing():
                library.save_indexes()


if __name__ == "__main__":
    main(*sys.argv[1:])
