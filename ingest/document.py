"""What the library holds, as plain rows: documents, and the passages a search finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Document:
    """One document. `source` is an absolute path, or "upload:NAME" for one given in the chat.

    A document that could not be read is here too, with status "failed", the reason in `error`
    and no pages. `language` is as in `ingest.language`.
    """

    id: int
    source: str
    origin: str
    format: str
    title: str
    hash: str
    size: int
    mtime_ns: int
    status: str
    error: str
    added_at: str
    pages: int = 0
    chunks: int = 0
    language: str = ""


@dataclass(frozen=True)
class Passage:
    """One stored chunk with where it stands; `text` is the page's text from start to end."""

    chunk_id: int
    document_id: int
    source: str
    title: str
    page: int
    label: str
    start: int
    end: int
    headings: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class ChunkSpan:
    """Where a chunk stands on its page, and its length in the embedder's tokens."""

    id: int
    start: int
    end: int
    tokens: int


@dataclass(frozen=True)
class FileFacts:
    """What is known of a document's bytes before anybody reads them.

    `metadata` is what a program gave with it, as JSON.
    """

    source: str
    origin: str
    hash: str
    size: int
    mtime_ns: int
    metadata: str = ""
