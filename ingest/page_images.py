"""A page of a document as its file shows it, for whoever reads a citation: so far of PDFs.

Only the file that the library has read is shown, and it is a stranger's: it is opened in a process
of its own, of little memory and little patience, apart from those that read files in a sync.
"""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from ingest.document import Document
from ingest.errors import DocumentError, FileChanged, FileGone
from ingest.files import hash_file
from ingest.kept_files import SHOWN, kept_file
from ingest.library import Library
from ingest.load.drawn import Box, PageImage
from ingest.load.frame import read_bytes
from ingest.load.worker import Worker

MEMORY_LIMIT = 2 << 30  # bytes of addresses; a page of a scanned book takes a tenth of them
PATIENCE_S = 20.0
MOST_BYTES = 32 << 20  # of a picture that is believed
REMEMBERED = 12
"""Pictures: who turns a page back sees it at once."""

_worker = Worker(MEMORY_LIMIT, "ingest.load.image_child")
atexit.register(_worker.close)

Spans = tuple[tuple[int, int], ...]


def has_images(document: Document) -> bool:
    """Whether a document's pages can be shown as pictures at all."""
    return document.format in SHOWN and document.status == "ok"


def page_image(
    library: Library, source: str, number: int, spans: Sequence[tuple[int, int]] = ()
) -> PageImage:
    """A page, counted from 1, as its file shows it, with boxes around spans of the page's text.

    Raises FileGone and FileChanged where the file is not what the library has read, DocumentError
    for what has no pictures or cannot be drawn, LibraryError where there is no such page.
    """
    document = library.document(source)
    if document is None or not has_images(document):
        raise DocumentError("its pages cannot be shown as pictures")
    text = library.page(document.source, number).text
    path = _file_of(library, document)
    try:
        facts = path.stat()
        known = _hash_of(path, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
    except OSError as error:
        raise FileGone(f"the file cannot be opened: {error.strerror or error}") from error
    if known != document.hash:
        raise FileChanged("the file has changed since it was read")
    image = _drawn(path, known, number, text, tuple((a, b) for a, b in spans))
    if image.pages != document.pages:  # a page of millions of characters was cut into parts
        raise DocumentError("its pages are not those of the file")
    return image


def close() -> None:
    """End the process; the next picture starts another."""
    _worker.close()


def _file_of(library: Library, document: Document) -> Path:
    if document.origin == "upload":
        return kept_file(library.folder, document.hash)
    if document.origin != "path":  # a program's own loader has read it
        raise FileGone("the file was not kept")
    return Path(document.source)


@lru_cache(maxsize=64)
def _hash_of(path: Path, size: int, mtime_ns: int, ctime_ns: int) -> str:
    """A file's hash, taken anew whenever the disk says that it was written to."""
    return hash_file(path)


@lru_cache(maxsize=REMEMBERED)
def _drawn(path: Path, known: str, number: int, text: str, spans: Spans) -> PageImage:
    request = {"path": str(path), "page": number, "text": text, "spans": spans}
    return _worker.ask(request, _received, PATIENCE_S, PATIENCE_S)


def _received(pipe: IO[bytes], facts: dict[str, Any]) -> PageImage | None:
    data = read_bytes(pipe, MOST_BYTES)
    if data is None:
        return None
    try:
        boxes = tuple(tuple(_box(box) for box in found) for found in facts["boxes"])
        width, height, pages = (int(facts[name]) for name in ("width", "height", "pages"))
    except (KeyError, TypeError) as error:
        raise ValueError("no picture") from error
    return PageImage(data, width, height, pages, boxes)


def _box(numbers: Sequence[float]) -> Box:
    left, top, right, bottom = (min(max(float(number), 0.0), 1.0) for number in numbers)
    return left, top, right, bottom
