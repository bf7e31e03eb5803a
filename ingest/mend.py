"""`python ingest --doctor --fix`: making anew what is not as it must be.

Whatever is derived is made from the text that the library holds, and that from its file where
it is lost. What cannot be mended is left for the next examination to find.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ingest.doctor import Finding
from ingest.document import Document, FileFacts
from ingest.errors import LibraryError
from ingest.invariants import damage
from ingest.library import Library
from ingest.progress import Progress, Report, silent
from ingest.rebuild import split_anew
from ingest.rows import sharing_vectors, sweep_all_vectors
from ingest.sync import sync

LOST = "its text was lost: add it again"


def mend(library: Library, findings: Sequence[Finding], progress: Report | None = None) -> None:
    """Mend what an examination found; examine again to see what is left.

    Raises LibraryError where the database itself is damaged, or its vectors are another
    embedder's.
    """
    show = progress or silent
    with library.writing(lambda: show(Progress("waiting"))):
        with library.store.snapshot() as connection:
            broken = damage(connection)
        if broken:
            raise LibraryError(
                f"{library.store.path} is damaged ({broken[0]}). Move it away and ingest again"
            )
        library.check_embedder()
        _drop_orphans(library)
        sources = {f.source for f in findings if f.check in ("document", "vector")}
        with library.store.snapshot() as connection:
            sources = sharing_vectors(connection, sources)
        ill = [d for source in sorted(sources) if (d := library.store.document(source))]
        if with_text := [d for d in ill if d.status == "ok" and _has_text(library, d)]:
            split_anew(library, with_text, show)
        for document in ill:  # whose text may be another by now: its file knows
            if document not in with_text or _has_file(document):
                _fail(library, document)
        if any(finding.check == "index" for finding in findings):
            library.rebuild_indexes()
        library.save_indexes()
    changed = {finding.source for finding in findings if finding.check == "file"}
    read_again = changed | {document.source for document in ill if document.origin == "path"}
    if read_again:
        sync(library, sorted(read_again), progress=show)


def _drop_orphans(library: Library) -> None:
    with library.store.transaction() as connection:
        for table in ("chunks", "pages"):
            connection.execute(
                f"DELETE FROM {table} WHERE document NOT IN (SELECT id FROM documents)"
            )
        sweep_all_vectors(connection)


def _has_text(library: Library, document: Document) -> bool:
    return any(page.text.strip() for page in library.store.pages(document.source))


def _has_file(document: Document) -> bool:
    return document.origin == "path" and Path(document.source).is_file()


def _fail(library: Library, document: Document) -> None:
    """Take the rest of a document away; it is read again if it has a file."""
    facts = FileFacts(
        document.source, document.origin, document.hash, document.size, document.mtime_ns
    )
    library.store.fail(facts, title=document.title, error=document.error or LOST)
