"""How far a parser has come with a document, told to whoever listens.

Parsers tell of every page, or of whatever takes them a moment: what is silent for long counts as
hung. Nobody needs to listen.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[int, int], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def step(done: int, total: int) -> None:
    """Say that so many pages are done, of so many."""
    listener = _listener.get()
    if listener is not None:
        listener(done, total)


@contextmanager
def listening(listener: Listener | None) -> Iterator[None]:
    """Have `listener` told of the steps inside the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
