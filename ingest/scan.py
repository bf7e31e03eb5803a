"""A library's pages and chunks one after another, for who must see them all: to count, say.

It does not know what is looked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ingest.document import Document
from ingest.page import Page
from ingest.records import Records
from ingest.rows import page_from_row

_PAGES = "SELECT number, text, label, headings FROM pages WHERE document = ? ORDER BY number"
_CHUNKS = (
    "SELECT id, page, start, end, tokens, headings FROM chunks WHERE document = ? ORDER BY ordinal"
)


@dataclass(frozen=True)
class ChunkPlace:
    """Where a chunk of a document stands, and its length in the embedder's tokens."""

    id: int
    page: int
    start: int
    end: int
    tokens: int
    headings: tuple[str, ...]


def scan(records: Records, documents: Iterable[Document]) -> Iterator[tuple[Document, Page]]:
    """The documents' pages in order, of one state of the library, one page in memory at a time.

    Documents that went meanwhile have none.
    """
    with records.snapshot() as connection:
        for document in documents:
            for row in connection.execute(_PAGES, (document.id,)):
                yield document, page_from_row(row)


def chunks_of(records: Records, document: Document) -> list[ChunkPlace]:
    """The places of a document's chunks, in reading order."""
    with records.snapshot() as connection:
        rows = connection.execute(_CHUNKS, (document.id,)).fetchall()
    return [
        ChunkPlace(id, page, start, end, tokens, tuple(json.loads(headings)))
        for id, page, start, end, tokens, headings in rows
    ]
