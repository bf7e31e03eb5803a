"""Making the library equal to what lies on the disk, document by document.

Each document is one transaction, so a kill at any moment leaves the last one committed; the
derived indexes follow now and then, and at the latest when the library is next searched. It
knows files, parsers and the library, nothing of search.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.document import Document, FileFacts
from ingest.errors import DocumentError, LibraryError
from ingest.files import absolute, hash_file, is_under, size_of
from ingest.intake import Intake, Prepared
from ingest.library import Library
from ingest.progress import Phase, Progress, Report, silent
from ingest.reading import Told, read_ahead
from ingest.report import SyncReport
from ingest.scope import Scope, foresee, scope_of

if TYPE_CHECKING:
    from langchain_core.document_loaders import BaseLoader

SAVE_EVERY_S = 30.0
"""How often the derived indexes are written during a long sync."""


def sync(
    library: Library,
    paths: Iterable[str | Path] = (),
    *,
    loader: BaseLoader | None = None,
    only: Collection[Path] | None = None,
    progress: Report | None = None,
    dry_run: bool = False,
) -> SyncReport:
    """Make the library hold what lies under the paths, as it is on disk, and say what was done.

    New files are added, changed ones replaced, vanished ones removed; what came from elsewhere
    is left alone. A renamed file, removed here and added there, keeps its chunks. A file that
    cannot be read is reported, and the rest go in. With `only`, nothing is looked at but those
    absolute paths and what is under them. With `dry_run` the report says what would be done,
    without reading any file's contents beyond its hash.

    What a LangChain `loader` loads goes in too: a document for each "source" in the metadata, in
    the place of one of that source. The loader's own exceptions pass.

    Raises LibraryError, before anything is done, for a path that does not exist and that the
    library holds nothing from.
    """
    given = [paths] if isinstance(paths, str | Path) else paths
    tops = check_paths(library.store.sources("path"), given)
    show = progress or silent
    if dry_run:
        return foresee(library, scope_of(library, tops, only))
    with library.writing(lambda: show(Progress("waiting"))):
        run = _Run(library, show)
        run.files(scope_of(library, tops, only))
        if loader is not None:
            run.loader(loader)
        return run.end()


def check_paths(sources: Sequence[str], paths: Iterable[str | Path]) -> list[Path]:
    """The paths, absolute. Raises LibraryError for one that neither the disk nor a source knows."""
    tops = [absolute(path) for path in paths]
    for top in tops:
        if not os.path.exists(top) and not any(is_under(source, top) for source in sources):
            raise LibraryError(f"no such file or folder: {top}")
    return tops


class _Run:
    """One sync, under the write lock."""

    def __init__(self, library: Library, show: Report) -> None:
        self._library = library
        self._show = show
        self._report = SyncReport()
        self._saved_at = time.monotonic()
        self._done = 0
        self._total = 0
        self._intake = Intake(library, self._report, self._embedding)
        self._moving = threading.Lock()
        self._vanished: list[Document] = []

    def files(self, scope: Scope) -> None:
        """Take out what vanished and in what is there."""
        listing = scope.listing
        self._report.failed += listing.unreadable
        self._report.passed_over = dict(listing.passed_over)
        self._total += len(listing.files)
        self._vanished = self._maybe_moved(scope)
        kept = {document.source for document in self._vanished}
        self._intake.remove(d.source for d in scope.vanished if d.source not in kept)
        for path, prepared in read_ahead(listing.files, self._prepare, self._reading):
            self._tell("reading", str(path))
            if prepared is None:  # it vanished while we were at work
                self._intake.remove([str(path)])
            else:
                self._intake.take(prepared)
            self._step()
        self._intake.remove(document.source for document in self._vanished)

    def loader(self, loader: BaseLoader) -> None:
        """Take in what a LangChain loader loads."""
        from ingest.load.community import load_each

        for source, content_hash, loaded in load_each(loader):
            self._total += 1
            self._tell("reading", source)
            facts = FileFacts(source, "loader", content_hash, 0, 0)
            known = self._library.store.document(source)
            same = known is not None and known.hash == content_hash and known.status == "ok"
            self._intake.take(Prepared(facts, None if same else loaded))
            self._step()

    def end(self) -> SyncReport:
        """Write the indexes, and give the report, by source."""
        self._save()
        self._library.store.drop_drafts()
        self._tell("done")
        self._report.sort()
        return self._report

    def _maybe_moved(self, scope: Scope) -> list[Document]:
        """The vanished documents whose bytes a new file may hold; the others can go at once."""
        known = set(self._library.store.sources("path"))
        new = [path for path in scope.listing.files if str(path) not in known]
        sizes = {(path.suffix.lower(), size_of(path)) for path in new}
        return [
            document
            for document in scope.vanished
            if document.status == "ok"
            and (Path(document.source).suffix.lower(), document.size) in sizes
        ]

    def _prepare(self, path: Path, told: Told) -> Prepared | None:
        try:
            stat = path.stat()
            facts = FileFacts(str(path), "path", hash_file(path), stat.st_size, stat.st_mtime_ns)
        except FileNotFoundError:
            return None
        except OSError as error:
            facts = FileFacts(str(path), "path", "", 0, 0)
            return Prepared(facts, error=f"cannot be read: {error.strerror}")
        moved = self._moved_to(facts)
        return moved or prepare(self._library, facts, path, path.name, told)

    def _moved_to(self, facts: FileFacts) -> Prepared | None:
        """The file as one that the library has from a path that is gone; else None."""
        known = self._library.store.document(facts.source)
        if known is not None and known.status == "ok":
            return None
        suffix = Path(facts.source).suffix.lower()
        with self._moving:  # two copies cannot both be the one that moved
            for document in self._vanished:
                same_format = Path(document.source).suffix.lower() == suffix
                if document.hash == facts.hash and same_format:
                    self._vanished.remove(document)
                    return Prepared(facts, moved=document)
        return None

    def _step(self) -> None:
        self._done += 1
        if time.monotonic() - self._saved_at > SAVE_EVERY_S:
            self._save()

    def _save(self) -> None:
        self._tell("indexing")
        self._library.save_indexes(self._indexing)
        self._saved_at = time.monotonic()

    def _reading(self, path: Path, read: int, pages: int) -> None:
        now = Progress("reading", self._done, self._total, str(path), read=read, pages=pages)
        self._show(now)

    def _embedding(self, source: str, embedded: int, chunks: int) -> None:
        self._show(Progress("embedding", self._done, self._total, source, embedded, chunks))

    def _indexing(self, indexed: int, chunks: int) -> None:
        self._show(Progress("indexing", self._done, self._total, "", indexed, chunks))

    def _tell(self, phase: Phase, source: str = "") -> None:
        self._show(Progress(phase, self._done, self._total, source))


def prepare(
    library: Library, facts: FileFacts, path: Path, name: str, told: Told | None = None
) -> Prepared:
    """Read one file, unless the library holds these very bytes; what goes wrong is its error.

    `told` is given how many pages are done, of how many, and must not raise.
    """
    known = library.store.document(facts.source)
    # What failed is tried again: a parser may have been too slow, or have learnt the format.
    if known is not None and known.hash == facts.hash and known.status == "ok":
        return Prepared(facts)
    from ingest.load import load_in_worker

    try:
        return Prepared(facts, loaded=load_in_worker(path, name=name, progress=told))
    except DocumentError as error:
        return Prepared(facts, error=str(error))
    except Exception as error:  # noqa: BLE001 - a bug in a parser costs one file, not the run
        return Prepared(facts, error=f"cannot be read ({type(error).__name__}: {error})")
