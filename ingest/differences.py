"""How a derived index differs from the database. It does not know how indexes work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from ingest.records import Records

BATCH = 20_000
"""Chunk ids compared at a time."""


def differences(
    index: str, store: Records, between: Callable[[int, int | None], list[int]]
) -> list[str]:
    """How the chunks in an index differ from the database's, one line for each way.

    `between` gives the ids that the index holds after one id and up to another, or all after it;
    those that it holds twice it gives twice.
    """
    known = missing = strange = last = 0
    while True:
        ids = store.chunk_ids_after(last, BATCH)
        held = Counter(between(last, ids[-1] if len(ids) == BATCH else None))
        there = set(ids)
        known += len(ids)
        missing += len(there - held.keys())
        strange += sum(times - (chunk in there) for chunk, times in held.items())
        if len(ids) < BATCH:
            break
        last = ids[-1]
    return [
        *([f"{index} lacks {missing} of {known} chunks"] if missing else []),
        *([f"{index} holds {strange} chunks that are not in the database"] if strange else []),
    ]
