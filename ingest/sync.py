"""Making the library equal to what lies on the disk, document by document.

Each document is one transaction, so a kill at any moment leaves the last one committed; the
derived indexes follow now and then, and at the latest when the library is next searched. It
knows files, parsers and the library, nothing of search.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from ingest.document import FileFacts
from ingest.errors import DocumentError, LibraryError
from ingest.files import Listing, absolute, hash_file, is_under, list_files
from ingest.intake import Intake, Prepared
from ingest.library import Library
from ingest.progress import Phase, Progress, Report, silent
from ingest.report import Failure, SyncReport

SAVE_EVERY_S = 30.0
"""How often the derived indexes are written during a long sync."""


def sync(
    library: Library,
    paths: Iterable[str | Path],
    *,
    progress: Report | None = None,
    dry_run: bool = False,
) -> SyncReport:
    """Make the library hold what lies under the paths, as it is on disk, and say what was done.

    New files are added, changed ones replaced, vanished ones removed; what came from elsewhere
    is left alone. A file that cannot be read is reported, and the rest go in. With `dry_run` the
    report says what would be done, without reading any file's contents beyond its hash.

    Raises LibraryError, before anything is done, for a path that does not exist and that the
    library holds nothing from.
    """
    given = [paths] if isinstance(paths, str | Path) else paths
    tops = check_paths(library.store.sources("path"), given)
    show = progress or silent
    if dry_run:
        return _foresee(library, tops)
    with library.writing(lambda: show(Progress("waiting"))):
        return _Run(library, show).run(tops)


def check_paths(sources: Sequence[str], paths: Iterable[str | Path]) -> list[Path]:
    """The paths, absolute. Raises LibraryError for one that neither the disk nor a source knows."""
    tops = [absolute(path) for path in paths]
    for top in tops:
        if not top.exists() and not any(is_under(source, top) for source in sources):
            raise LibraryError(f"no such file or folder: {top}")
    return tops


def _vanished(library: Library, tops: list[Path], listing: Listing) -> list[str]:
    """The library's sources under the paths that are not on the disk any more."""
    present = {str(path) for path in listing.files}
    unknown = [Path(failure.source) for failure in listing.unreadable]
    return [
        source
        for source in library.store.sources("path")
        if source not in present
        and any(is_under(source, top) for top in tops)
        and not any(is_under(source, folder) for folder in unknown)
    ]


def _foresee(library: Library, tops: list[Path]) -> SyncReport:
    listing = list_files(tops, passing_over=library.folder)
    report = SyncReport(removed=_vanished(library, tops, listing), failed=listing.unreadable)
    for path in listing.files:
        known = library.store.document(str(path))
        try:
            same = known is not None and known.hash == hash_file(path)
        except OSError as error:
            report.failed.append(Failure(str(path), f"cannot be read: {error.strerror}"))
            continue
        if known is not None and same and known.status == "failed":
            report.failed.append(Failure(str(path), known.error))
        elif known is None or known.status == "failed":
            report.added.append(str(path))
        else:
            (report.unchanged if same else report.updated).append(str(path))
    return report


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

    def run(self, tops: list[Path]) -> SyncReport:
        listing = list_files(tops, passing_over=self._library.folder)
        self._report.failed += listing.unreadable
        self._intake.remove(_vanished(self._library, tops, listing))
        self._total = len(listing.files)
        for path, prepared in _one_ahead(listing.files, self._prepare):
            self._tell("reading", str(path))
            if prepared is None:  # it vanished while we were at work
                self._intake.remove([str(path)])
            else:
                self._intake.take(prepared)
            self._done += 1
            if time.monotonic() - self._saved_at > SAVE_EVERY_S:
                self._save()
        self._save()
        self._tell("done")
        return self._report

    def _prepare(self, path: Path) -> Prepared | None:
        try:
            stat = path.stat()
            facts = FileFacts(str(path), "path", hash_file(path), stat.st_size, stat.st_mtime_ns)
        except FileNotFoundError:
            return None
        except OSError as error:
            facts = FileFacts(str(path), "path", "", 0, 0)
            return Prepared(facts, error=f"cannot be read: {error.strerror}")
        return prepare(self._library, facts, path, path.name)

    def _save(self) -> None:
        self._tell("indexing")
        self._library.save_indexes()
        self._saved_at = time.monotonic()

    def _embedding(self, source: str, embedded: int, chunks: int) -> None:
        self._show(Progress("embedding", self._done, self._total, source, embedded, chunks))

    def _tell(self, phase: Phase, source: str = "") -> None:
        self._show(Progress(phase, self._done, self._total, source))


def prepare(library: Library, facts: FileFacts, path: Path, name: str) -> Prepared:
    """Read one file, unless the library holds these very bytes; what goes wrong is its error."""
    known = library.store.document(facts.source)
    # What failed is tried again: a parser may have been too slow, or have learnt the format.
    if known is not None and known.hash == facts.hash and known.status == "ok":
        return Prepared(facts)
    from ingest.load import load_in_worker

    try:
        return Prepared(facts, loaded=load_in_worker(path, name=name))
    except DocumentError as error:
        return Prepared(facts, error=str(error))
    except Exception as error:  # noqa: BLE001 - a bug in a parser costs one file, not the run
        return Prepared(facts, error=f"cannot be read ({type(error).__name__}: {error})")


def _one_ahead(
    paths: Sequence[Path], prepare: Callable[[Path], Prepared | None]
) -> Iterator[tuple[Path, Prepared | None]]:
    """Every path with what was prepared from it, the next one being read meanwhile."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="kvasir-read")
    try:
        ahead: deque[tuple[Path, Future[Prepared | None]]] = deque()
        for path in paths:
            ahead.append((path, pool.submit(prepare, path)))
            if len(ahead) > 1:
                first, future = ahead.popleft()
                yield first, future.result()
        while ahead:
            first, future = ahead.popleft()
            yield first, future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
