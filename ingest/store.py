"""The library's truth: documents, pages, chunks and vectors in one SQLite file.

Every document is written in one transaction; `ingest.records` reads them. It does not know how
vectors are made.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from ingest.document import FileFacts
from ingest.language import language_of
from ingest.page import Page
from ingest.records import Records
from ingest.rows import (
    delete_document,
    insert_chunks,
    insert_document,
    insert_pages,
    set_embedder,
    sweep_vectors,
    vectors_of,
)
from ingest.schema import connect, transaction, translated
from ingest.split import Chunk


class Store(Records):
    """One library file, read and written; safe to use from several threads."""

    @contextmanager
    def transaction(self, *, apart: bool = False) -> Iterator[sqlite3.Connection]:
        """One transaction, undone on any exception.

        With `apart` it has a connection of its own, so that other threads go on reading the
        state before it, however long it takes.
        """
        if apart:
            with translated(self.path):
                connection = connect(self.path)
            try:
                with translated(self.path), transaction(connection):
                    yield connection
            finally:
                connection.close()
        else:
            with self._lock, translated(self.path), transaction(self._connection):
                yield self._connection

    def set_embedder(self, name: str, dimensions: int) -> None:
        """Record whose vectors these are."""
        with self.transaction() as connection:
            set_embedder(connection, name, dimensions)

    def forget_changes(self, until: int) -> None:
        """Let go of the changes up to one; the last of all stays, so that `seq` does."""
        with self.transaction() as connection:
            connection.execute(
                "DELETE FROM changes WHERE seq <= ? AND seq < (SELECT max(seq) FROM changes)",
                (until,),
            )

    # Documents

    def replace(
        self,
        facts: FileFacts,
        *,
        title: str,
        format: str,
        pages: Sequence[Page],
        chunks: Sequence[Chunk],
        digests: Sequence[bytes],
        fresh: Mapping[bytes, bytes],
    ) -> None:
        """Put a document in the place of whatever had its source, in one transaction.

        `digests` name the chunks' vectors: known ones, drafts, or those in `fresh`.
        """
        language = language_of(page.text for page in pages)
        with self.transaction() as connection:
            before = vectors_of(connection, facts.source)
            delete_document(connection, facts.source)
            document = insert_document(
                connection, facts, format=format, title=title, error="", language=language
            )
            insert_pages(connection, document, pages)
            insert_chunks(connection, document, chunks, digests, fresh)
            sweep_vectors(connection, before)

    def fail(self, facts: FileFacts, *, title: str, error: str) -> None:
        """Record that a document cannot be read; nothing of an older version stays."""
        with self.transaction() as connection:
            before = vectors_of(connection, facts.source)
            delete_document(connection, facts.source)
            insert_document(connection, facts, format="", title=title, error=error)
            sweep_vectors(connection, before)

    def rename(self, source: str, facts: FileFacts, title: str) -> None:
        """Give a document another source, and its chunks to the indexes as changed."""
        with self.transaction() as connection:
            delete_document(connection, facts.source)  # one that could not be read, at most
            connection.execute(
                "UPDATE documents SET source = ?, title = ?, mtime_ns = ? WHERE source = ?",
                (facts.source, title, facts.mtime_ns, source),
            )
            connection.execute(
                "INSERT INTO changes (chunk) SELECT c.id FROM chunks c "
                "JOIN documents d ON d.id = c.document WHERE d.source = ?",
                (facts.source,),
            )

    def remove(self, sources: Iterable[str]) -> None:
        """Remove documents with all they hold, in one transaction; unknown ones are passed over."""
        with self.transaction() as connection:
            for source in sources:
                before = vectors_of(connection, source)
                delete_document(connection, source)
                sweep_vectors(connection, before)

    # Vectors before their documents

    def embedded(self, digests: Iterable[bytes]) -> set[bytes]:
        """Those of the digests whose vectors are here, be it as drafts."""
        return self._digests("vectors", digests) | self.drafted(digests)

    def drafted(self, digests: Iterable[bytes]) -> set[bytes]:
        """Those of the digests whose vectors are here as drafts."""
        return self._digests("drafts", digests)

    def keep_drafts(self, vectors: Mapping[bytes, bytes]) -> None:
        """Keep vectors whose document is not whole yet, so that nobody embeds them again."""
        with self.transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO drafts VALUES (?, ?)", vectors.items())

    def drop_drafts(self) -> None:
        """Let go of all drafts: the run that they were for is complete."""
        if self._rows("SELECT EXISTS (SELECT 1 FROM drafts)")[0][0]:
            with self.transaction() as connection:
                connection.execute("DELETE FROM drafts")

    def _digests(self, table: str, digests: Iterable[bytes]) -> set[bytes]:
        sql = f"SELECT digest FROM {table} WHERE digest IN ({{}})"
        return {row[0] for row in self._rows_in(sql, list(digests))}
