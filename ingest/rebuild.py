"""Splitting and embedding a whole library anew, from the pages it holds."""

from __future__ import annotations

from ingest.library import Library
from ingest.progress import Progress, Report, silent
from ingest.rows import delete_chunks, insert_chunks, set_embedder
from ingest.split import embedding_text, split


def rebuild(library: Library, progress: Report | None = None) -> list[str]:
    """Replace every chunk and vector, in one transaction, and give the documents' sources.

    Whoever searches meanwhile finds the old state until the new one is whole; a kill leaves the
    old one.
    """
    show = progress or silent
    with library.writing(lambda: show(Progress("waiting"))):
        embedder = library.embedder
        documents = [d for d in library.documents() if d.status == "ok"]
        with library.store.transaction(apart=True) as connection:
            set_embedder(connection, embedder.name, embedder.dimensions)
            for done, document in enumerate(documents):
                show(Progress("embedding", done, len(documents), document.source))
                chunks = split(tuple(library.store.pages(document.source)), embedder)
                vectors = embedder.embed_array([embedding_text(chunk) for chunk in chunks])
                delete_chunks(connection, document.id)
                insert_chunks(connection, document.id, chunks, vectors)
        show(Progress("indexing", len(documents), len(documents)))
        library.save_indexes()
        show(Progress("done", len(documents), len(documents)))
    return [document.source for document in documents]
