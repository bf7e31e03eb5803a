"""Messages between a worker and its parent: JSON behind its length, over a pipe.

A document's texts follow its message one by one, so that neither side holds them twice.
"""

import json
import struct
from typing import IO, Any

from ingest.load.loaded import Loaded
from ingest.page import Heading, Page

MAX_BYTES = 1 << 30
"""Of a document: more than limits.MAX_CHARACTERS need, less than would harm the parent."""

_LENGTH = struct.Struct(">Q")


def write_message(pipe: IO[bytes], message: dict[str, Any]) -> None:
    """Send one message at once."""
    _write(pipe, json.dumps(message, ensure_ascii=False))
    pipe.flush()


def read_message(pipe: IO[bytes]) -> dict[str, Any] | None:
    """Wait for the next message; None where the other side has gone, in mid-message too.

    Raises ValueError for what cannot be one, or is too large.
    """
    data = _read(pipe, MAX_BYTES)
    if data is None:
        return None
    message: dict[str, Any] = json.loads(data)
    return message


def write_loaded(pipe: IO[bytes], loaded: Loaded) -> None:
    """Send a document, as the answer to the request for it."""
    pages = [
        [page.number, page.label, [[h.start, h.level, h.title] for h in page.headings]]
        for page in loaded.pages
    ]
    facts = {"pages": pages, "format": loaded.format, "title": loaded.title}
    write_message(pipe, {"loaded": facts})
    for page in loaded.pages:
        _write(pipe, page.text)
    pipe.flush()


def read_loaded(pipe: IO[bytes], message: dict[str, Any]) -> Loaded | None:
    """The document that the message has begun; None where the other side has gone meanwhile.

    Raises ValueError where its texts are too large together.
    """
    facts = message["loaded"]
    left = MAX_BYTES
    pages = []
    for number, label, headings in facts["pages"]:
        data = _read(pipe, left)
        if data is None:
            return None
        left -= len(data)
        found = tuple(Heading(*heading) for heading in headings)
        pages.append(Page(number, data.decode("utf-8"), label, found))
    return Loaded(tuple(pages), facts["format"], facts["title"])


def write_bytes(pipe: IO[bytes], data: bytes) -> None:
    """Send bytes behind a message, at once."""
    _send(pipe, data)
    pipe.flush()


def read_bytes(pipe: IO[bytes], most: int) -> bytes | None:
    """Bytes behind a message; None where the other side has gone. Raises ValueError for more."""
    return _read(pipe, most)


def _write(pipe: IO[bytes], text: str) -> None:
    _send(pipe, text.encode("utf-8", errors="replace"))


def _send(pipe: IO[bytes], data: bytes) -> None:
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)


def _read(pipe: IO[bytes], most: int) -> bytes | None:
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > most:
        raise ValueError(f"a message of {length:,} bytes, and {most:,} are the most")
    data = pipe.read(length)
    return data if len(data) == length else None
