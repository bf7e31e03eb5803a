"""Files read ahead of whoever embeds them, several at a time, within bounds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from typing import TypeVar

from ingest.files import size_of

READERS = 2
"""Files that are read at a time: a slow one must not keep the embedder waiting."""

AHEAD = 6
"""Files that are read or wait to be taken, at most."""

BYTES_AHEAD = 64 << 20
"""What these files may hold together; a larger one is read while nothing else is."""

LOOK_UP_S = 0.5
"""How often who waits for a file is told how far it is."""

Told = Callable[[int, int], None]
Found = TypeVar("Found")


def read_ahead(
    paths: Sequence[Path],
    read: Callable[[Path, Told], Found],
    waiting: Callable[[Path, int, int], None],
) -> Iterator[tuple[Path, Found]]:
    """Every path with what was read from it, in the order in which they are ready.

    `read` runs in threads and tells how many pages are done, of how many. `waiting` is given a
    file that is being read and these two numbers, 0 and 0 before it told any: in the caller's
    thread, every LOOK_UP_S in which nothing becomes ready. What it raises ends the iteration.

    Whoever stops iterating leaves the rest unread.
    """
    pool = ThreadPoolExecutor(READERS, thread_name_prefix="kvasir-read")
    steps = _Steps()
    under_way: dict[Future[Found], tuple[Path, int]] = {}
    remaining = [(path, size_of(path)) for path in reversed(paths)]
    try:
        while remaining or under_way:
            while remaining and _has_room(under_way.values(), remaining[-1][1]):
                path, size = remaining.pop()
                future = pool.submit(read, path, partial(steps.note, path))
                under_way[future] = (path, size)
            ready, _ = wait(under_way, timeout=LOOK_UP_S, return_when=FIRST_COMPLETED)
            if not ready:
                waiting(*steps.latest([path for path, _ in under_way.values()]))
            for future in sorted(ready, key=lambda future: under_way[future][0]):
                path, _ = under_way.pop(future)
                steps.forget(path)
                yield path, future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class _Steps:
    """How far files are: noted in the threads that read them, asked for in another."""

    def __init__(self) -> None:
        self._pages: dict[Path, tuple[int, int]] = {}

    def note(self, path: Path, done: int, total: int) -> None:
        self._pages[path] = done, total

    def latest(self, paths: Sequence[Path]) -> tuple[Path, int, int]:
        """The first of the files that has told of pages, else the first, and how far it is."""
        found = [(path, *self._pages.get(path, (0, 0))) for path in paths]
        return next((one for one in found if one[2]), found[0])

    def forget(self, path: Path) -> None:
        self._pages.pop(path, None)


def _has_room(under_way: Collection[tuple[Path, int]], size: int) -> bool:
    held = sum(other for _, other in under_way)
    return not under_way or (len(under_way) < AHEAD and held + size <= BYTES_AHEAD)
