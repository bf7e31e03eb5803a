"""Messages between the worker and its parent: JSON behind its length, over a pipe."""

import json
import struct
from typing import IO, Any

from ingest.load.loaded import Loaded
from ingest.page import Heading, Page

_LENGTH = struct.Struct(">Q")


def write_message(pipe: IO[bytes], message: dict[str, Any]) -> None:
    """Send one message at once."""
    data = json.dumps(message, ensure_ascii=False).encode("utf-8")
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def read_message(pipe: IO[bytes]) -> dict[str, Any] | None:
    """Wait for the next message; None where the other side has gone, in mid-message too."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data = pipe.read(length)
    if len(data) < length:
        return None
    message: dict[str, Any] = json.loads(data)
    return message


def pack(loaded: Loaded) -> dict[str, Any]:
    """A document as plain lists and strings."""
    pages = [
        [page.number, page.text, page.label, [[h.start, h.level, h.title] for h in page.headings]]
        for page in loaded.pages
    ]
    return {"pages": pages, "format": loaded.format, "title": loaded.title}


def unpack(message: dict[str, Any]) -> Loaded:
    """The document that `pack` packed."""
    pages = tuple(
        Page(number, text, label, tuple(Heading(*heading) for heading in headings))
        for number, text, label, headings in message["pages"]
    )
    return Loaded(pages, message["format"], message["title"])
