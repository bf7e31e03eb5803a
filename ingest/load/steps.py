"""How far a parser has come with a document, told to whoever listens.

Parsers tell of every page, and of whatever else takes them a moment: what is silent for long
counts as hung. Nobody needs to listen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[int, int], None]


class _Follower:
    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.last = (0, 0)


_follower: ContextVar[_Follower | None] = ContextVar("follower", default=None)


def step(done: int, total: int) -> None:
    """Say that so many pages are done, of so many."""
    follower = _follower.get()
    if follower is not None:
        follower.last = (done, total)
        follower.listener(done, total)


def still_at_work() -> None:
    """Say that something was done inside a page, or where there are no pages (0 of 0)."""
    follower = _follower.get()
    if follower is not None:
        follower.listener(*follower.last)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have `listener` told of the steps inside the block."""
    token = _follower.set(_Follower(listener))
    try:
        yield
    finally:
        _follower.reset(token)
