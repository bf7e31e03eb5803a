"""Files read ahead of whoever embeds them, several at a time, within bounds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

from ingest.files import size_of

READERS = 2
"""Files that are read at a time: a slow one must not keep the embedder waiting."""

AHEAD = 6
"""Files that are read or wait to be taken, at most."""

BYTES_AHEAD = 64 << 20
"""What these files may hold together; a larger one is read while nothing else is."""

Found = TypeVar("Found")


def read_ahead(
    paths: Sequence[Path], read: Callable[[Path], Found]
) -> Iterator[tuple[Path, Found]]:
    """Every path with what was read from it, in the order in which they are ready.

    Whoever stops iterating leaves the rest unread.
    """
    pool = ThreadPoolExecutor(READERS, thread_name_prefix="kvasir-read")
    under_way: dict[Future[Found], tuple[Path, int]] = {}
    remaining = [(path, size_of(path)) for path in reversed(paths)]
    try:
        while remaining or under_way:
            while remaining and _has_room(under_way.values(), remaining[-1][1]):
                path, size = remaining.pop()
                under_way[pool.submit(read, path)] = (path, size)
            ready, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in sorted(ready, key=lambda future: under_way[future][0]):
                path, _ = under_way.pop(future)
                yield path, future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _has_room(under_way: Collection[tuple[Path, int]], size: int) -> bool:
    held = sum(other for _, other in under_way)
    return not under_way or (len(under_way) < AHEAD and held + size <= BYTES_AHEAD)
