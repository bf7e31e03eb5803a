"""One document into the library: split, embedded, committed, and written into the report.

It does not know where the document's file was or how it was parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.document import Document, FileFacts
from ingest.embed import digests_of, embed_chunks
from ingest.library import Library
from ingest.report import Failure, SyncReport
from ingest.split import split

if TYPE_CHECKING:
    from ingest.load import Loaded


@dataclass(frozen=True)
class Prepared:
    """One file, read: what it holds, or why not; neither where the library has it already.

    `moved` is the document that the library has of it, where it came from another path.
    """

    facts: FileFacts
    loaded: Loaded | None = None
    error: str = ""
    moved: Document | None = None


class Intake:
    """Takes documents in and out, and notes each in a report; the caller holds the write lock."""

    def __init__(
        self, library: Library, report: SyncReport, embedding: Callable[[str, int, int], None]
    ) -> None:
        """`embedding` is told a source, how many of its chunks are embedded, and of how many."""
        self._library = library
        self._store = library.store
        self._report = report
        self._embedding = embedding

    def take(self, prepared: Prepared) -> None:
        """Bring one document in. One that cannot be read takes its older version's place, too."""
        facts, loaded, error = prepared.facts, prepared.loaded, prepared.error
        if loaded is not None and not any(page.text.strip() for page in loaded.pages):
            loaded, error = None, "no text in it"
        if loaded is not None:
            known = self._store.document(facts.source)
            self._embed(facts, loaded)
            is_update = known is not None and known.status == "ok"
            (self._report.updated if is_update else self._report.added).append(facts.source)
        elif prepared.moved is not None:
            self._move(prepared.moved, facts)
        elif error:
            self._store.fail(facts, title=Path(facts.source).name, error=error)
            self._report.failed.append(Failure(facts.source, error))
        else:
            self._report.unchanged.append(facts.source)

    def remove(self, sources: Iterable[str]) -> None:
        """Take documents out, at once; those that the library does not hold are passed over."""
        known = [source for source in sources if self._store.document(source) is not None]
        self._store.remove(known)
        self._report.removed += known

    def _move(self, moved: Document, facts: FileFacts) -> None:
        old, new = Path(moved.source), Path(facts.source)
        title = new.stem if moved.title == old.stem else moved.title
        self._store.rename(moved.source, facts, title)
        self._report.removed.append(moved.source)
        self._report.added.append(facts.source)

    def _embed(self, facts: FileFacts, loaded: Loaded) -> None:
        self._library.claim_embedder()
        embedder, store = self._library.embedder, self._store
        chunks = split(loaded.pages, embedder)
        digests = digests_of(chunks, embedder)
        done = 0

        def count(newly: int) -> None:
            nonlocal done
            done += newly
            self._embedding(facts.source, done, len(chunks))

        fresh = embed_chunks(store, embedder, chunks, digests, store.embedded(digests), count)
        store.replace(
            facts,
            title=loaded.title,
            format=loaded.format,
            pages=loaded.pages,
            chunks=chunks,
            digests=digests,
            fresh=fresh,
        )
