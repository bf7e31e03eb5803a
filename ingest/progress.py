"""How far a sync is, told to whoever shows it: a progress bar, a web page, a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Phase = Literal["waiting", "reading", "embedding", "indexing", "done"]


@dataclass(frozen=True)
class Progress:
    """One moment of a sync or a rebuild.

    `files` of `total` files are done, `source` is being read or embedded, and of its `chunks`
    so many are `embedded`; while "indexing", those are the chunks of an index that is built anew.
    Of a file that takes long to read, so many of its `pages` are `read`: 0 of 0 if it has none.
    "waiting" means that another process is writing to the library.
    """

    phase: Phase
    files: int = 0
    total: int = 0
    source: str = ""
    embedded: int = 0
    chunks: int = 0
    read: int = 0
    pages: int = 0


Report = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Show nothing."""
