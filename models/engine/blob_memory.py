"""The blobs that are kept in memory, up to so many bytes; the least recently used go first.

It is not thread-safe and knows nothing of files.
"""

import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from models.engine.blob_file import Span


@dataclass
class _Held:
    data: bytes
    marked: float


class BlobMemory:
    """At most `limit` bytes of blobs."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: OrderedDict[Span, _Held] = OrderedDict()

    def __contains__(self, span: Span) -> bool:
        return span in self._held

    def __iter__(self) -> Iterator[Span]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def size(self) -> int:
        """Bytes held."""
        return sum(len(held.data) for held in self._held.values())

    def get(self, span: Span) -> bytes | None:
        """The blob, now the most recently used."""
        held = self._held.get(span)
        if not held:
            return None
        self._held.move_to_end(span)
        return held.data

    def put(self, span: Span, data: bytes) -> bool:
        """Hold a blob in place of the span's last one; False if it alone is over the limit."""
        self._held.pop(span, None)
        if len(data) > self._limit:
            return False
        self._held[span] = _Held(data, time.monotonic())
        total = self.size()
        while total > self._limit:
            _, oldest = self._held.popitem(last=False)
            total -= len(oldest.data)
        return True

    def due(self, span: Span, interval: float) -> bool:
        """Whether so many seconds went by since this was last true, or the blob came."""
        held = self._held.get(span)
        now = time.monotonic()
        if not held or now - held.marked <= interval:
            return False
        held.marked = now
        return True

    def clear(self) -> None:
        """Forget everything."""
        self._held.clear()
