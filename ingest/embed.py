"""Chunks to vectors, each text once, kept as drafts while a document is under way.

It does not know where chunks come from or what becomes of the vectors.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ingest.digest import digest
from ingest.embedder import Embedder
from ingest.split import Chunk, embedding_text
from ingest.store import Store

GROUP = 64
"""Chunks that are given to the embedder at a time: enough to sort them into even batches."""

CHECKPOINT_S = 5.0
"""How often vectors are kept as drafts: what a kill costs of a long document."""

HELD = 4096
"""Vectors that are held until then, at most."""


def digests_of(chunks: Sequence[Chunk], embedder: Embedder) -> list[bytes]:
    """The digests that the chunks' vectors are kept under."""
    return [digest(embedder.name, embedding_text(chunk)) for chunk in chunks]


def embed_chunks(
    store: Store,
    embedder: Embedder,
    chunks: Sequence[Chunk],
    digests: Sequence[bytes],
    known: set[bytes],
    progress: Callable[[int], None],
) -> dict[bytes, bytes]:
    """Embed the chunks whose digests are not known, and give what is not kept as a draft yet.

    That is float16, little-endian, by digest. `progress` gets the number of chunks newly done.
    """
    wanted = {key: chunk for key, chunk in zip(digests, chunks, strict=True) if key not in known}
    progress(len(chunks) - len(wanted))
    keys = list(wanted)
    fresh: dict[bytes, bytes] = {}
    kept_at = time.monotonic()
    for first in range(0, len(keys), GROUP):
        group = keys[first : first + GROUP]
        texts = [embedding_text(wanted[key]) for key in group]
        halves = embedder.embed_array(texts, progress=progress).astype("<f2")
        fresh.update(zip(group, (half.tobytes() for half in halves), strict=True))
        if len(fresh) >= HELD or time.monotonic() - kept_at > CHECKPOINT_S:
            store.keep_drafts(fresh)
            fresh = {}
            kept_at = time.monotonic()
    return fresh
