"""Splitting and embedding documents anew, from the pages that the library holds."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.document import Document
from ingest.embed import digests_of, embed_chunks
from ingest.library import Library
from ingest.progress import Progress, Report, silent
from ingest.rows import (
    delete_chunks,
    insert_chunks,
    set_embedder,
    sweep_all_vectors,
)
from ingest.split import Chunk, split


def rebuild(library: Library, progress: Report | None = None) -> list[str]:
    """Replace every chunk and vector, at last in one transaction; gives the documents' sources.

    Whoever searches meanwhile finds the old state until the new one is whole; a kill leaves the
    old one, and the next rebuild goes on where it was.
    """
    show = progress or silent
    with library.writing(lambda: show(Progress("waiting"))):
        documents = [d for d in library.documents() if d.status == "ok"]
        split_anew(library, documents, show)
        count = len(documents)
        show(Progress("indexing", count, count))
        library.save_indexes(
            lambda done, chunks: show(Progress("indexing", count, count, "", done, chunks))
        )
        show(Progress("done", len(documents), len(documents)))
    return [document.source for document in documents]


def split_anew(library: Library, documents: Sequence[Document], show: Report) -> None:
    """Replace these documents' chunks and vectors, by the present embedder; the caller is writing.

    With a document go all that share a vector with it: a vector that is known is taken as it is.
    """
    embedder, store = library.embedder, library.store
    for done, document in enumerate(documents):
        _embed(library, document, show, done, len(documents))
    with store.transaction(apart=True) as connection:
        set_embedder(connection, embedder.name, embedder.dimensions)
        for document in documents:
            delete_chunks(connection, document.id)
        sweep_all_vectors(connection)
        for document in documents:
            chunks, digests = _chunks(library, document)
            insert_chunks(connection, document.id, chunks, digests, {})
    store.drop_drafts()


def _embed(library: Library, document: Document, show: Report, done: int, total: int) -> None:
    """Have drafts of all the document's vectors."""
    embedder, store = library.embedder, library.store
    chunks, digests = _chunks(library, document)
    embedded = 0

    def count(newly: int) -> None:
        nonlocal embedded
        embedded += newly
        show(Progress("embedding", done, total, document.source, embedded, len(chunks)))

    fresh = embed_chunks(store, embedder, chunks, digests, store.drafted(digests), count)
    store.keep_drafts(fresh)


def _chunks(library: Library, document: Document) -> tuple[list[Chunk], list[bytes]]:
    chunks = split(tuple(library.store.pages(document.source)), library.embedder)
    return chunks, digests_of(chunks, library.embedder)
