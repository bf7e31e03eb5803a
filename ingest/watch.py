"""`python ingest --watch`: syncs that follow each other as the files change."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from ingest.changes import Change, Changes
from ingest.errors import LibraryError
from ingest.files import is_under, list_files, under_any
from ingest.ignore import NAME, passed_over_by_name
from ingest.library import Library
from ingest.progress import Progress, Report, silent
from ingest.report import SyncReport
from ingest.settling import Settling, stamp_of
from ingest.sync import check_paths, sync
from models.errors import KvasirError

TICK_S = 0.5
RETRY_S = 60.0
"""After so long, what a sync could not do is tried again though nothing changes."""

MANY = 2000
"""So many changes at a time may not be all: systems drop what nobody fetches quickly enough."""


class _Stopped(Exception):
    """Raised out of a sync by its progress."""


def watch(
    library: Library,
    paths: Iterable[str | Path],
    *,
    progress: Report | None = None,
    reported: Callable[[SyncReport], None] | None = None,
    told: Callable[[str], None] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Sync the paths, and then what changes under them, until `stop` is set.

    `reported` is given the report of the first sync and of each burst of changes; those of
    bursts are about what changed. `told` is given what the user should know: a sync that the
    library could not take, which is tried again, and folders that the system does not watch.
    A sync under way is left within moments of `stop`, with what was done kept.

    Raises LibraryError where `sync` would, and whatever the first sync raises.
    """
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    tops = check_paths(library.store.sources("path"), given)
    _Watch(library, tops, progress or silent, reported, told, stop or threading.Event()).run()


class _Watch:
    def __init__(
        self,
        library: Library,
        tops: list[Path],
        show: Report,
        reported: Callable[[SyncReport], None] | None,
        told: Callable[[str], None] | None,
        stop: threading.Event,
    ) -> None:
        self._library = library
        self._tops = tops
        self._show = show
        self._reported = reported or (lambda _: None)
        self._told = told or (lambda _: None)
        self._stop = stop
        self._settling = Settling()
        self._owed: set[Path] = set()
        self._failed: set[str] = set()  # a folder among them may be opened some day
        self._retry_at = 0.0
        self._polling = False
        self._broken_at = float("-inf")
        self._watched: list[Path] = []
        self._seen = {top: _identity(top) for top in tops}
        self._changes = self._look_out()

    def run(self) -> None:
        try:
            self._tell(self._sync(None))
            while not self._stop.wait(TICK_S):
                self._gather(time.monotonic())
                self._burst(time.monotonic())
        except _Stopped:
            pass
        finally:
            self._changes.close()

    def _gather(self, now: float) -> None:
        """Note what has changed; where the paths themselves have, watch them anew."""
        changed: set[Path] = set()
        anew = False
        try:
            changes = self._changes.take()
        except OSError as error:
            self._polling = self._polling or now - self._broken_at < RETRY_S
            self._broken_at = now
            self._told(f"the watch broke off ({error}): everything is looked at again")
            changes, anew = set(), True
            changed.update(self._tops)
        for top in self._tops:
            seen, self._seen[top] = self._seen[top], _identity(top)
            # One that was made anew may have its old number: the system says that it was gone.
            if seen != self._seen[top] or Change(top, modified=False) in changes:
                changed.add(top)
                anew = anew or top in self._watched or top.is_dir()
        opened = (c.path for c in changes if str(c.path) in self._failed)
        if anew or any(path.is_dir() for path in opened):
            changes |= self._look_anew()
        changed |= {path for change in changes if (path := self._concerned(change)) is not None}
        if len(changed) > MANY:
            changed = {top for top in self._tops if any(is_under(str(p), top) for p in changed)}
        self._settling.note(changed, now)

    def _look_anew(self) -> set[Change]:
        """Watch the folders that are there now, and give what changed meanwhile."""
        before, self._changes = self._changes, self._look_out()
        before.close()
        try:
            return before.take()
        except OSError:  # it has ended, and what it told is the new one's
            return set()

    def _concerned(self, change: Change) -> Path | None:
        """The path that is to be looked at after a change; None for none."""
        path = change.path
        if change.modified and path.is_dir() and str(path) not in self._failed:
            return None  # what is in it has changes of its own
        if path.name == NAME:
            path = path.parent
        for top in self._tops:
            if is_under(str(path), top):
                names = path.relative_to(top).parts
                if not any(passed_over_by_name(name) for name in names):
                    return path
        return None

    def _burst(self, now: float) -> None:
        """Sync what has settled, and what could not be synced before."""
        burst = self._settling.take(now)
        if not burst and not (self._owed and now > self._retry_at):
            return
        burst |= self._owed
        try:
            report = self._sync(burst) if self._concerns(burst) else None
        except (KvasirError, OSError) as error:  # a full disk, say: it may not stay full
            self._owed, self._retry_at = burst, time.monotonic() + RETRY_S
            self._told(f"{error} (this is tried again)")
            return
        self._owed = set()
        self._tell(report)

    def _tell(self, report: SyncReport | None) -> None:
        if report is not None:
            self._failed |= {failure.source for failure in report.failed}
            self._reported(report)

    def _concerns(self, burst: set[Path]) -> bool:
        """Whether there is anything to read or to remove at these paths."""
        listing = list_files(self._tops, passing_over=self._library.folder, only=burst)
        if listing.files or listing.unreadable:
            return True
        wanted = under_any(burst)
        return any(wanted(source) for source in self._library.store.sources("path"))

    def _sync(self, burst: set[Path] | None) -> SyncReport | None:
        """Sync a burst, or everything; None where neither disk nor library has any of it."""
        sources = self._library.store.sources("path")
        tops = [
            top
            for top in self._tops
            if (burst is None or _touches(top, burst))
            and (os.path.exists(top) or any(is_under(source, top) for source in sources))
        ]
        if not tops:
            return None
        return sync(self._library, tops, only=burst, progress=self._progress)

    def _progress(self, progress: Progress) -> None:
        if self._stop.is_set():
            raise _Stopped
        self._show(progress)

    def _look_out(self) -> Changes:
        """Watch the folders that are there; look through them now and then where that fails."""
        there = {top for top in self._tops if top.is_dir()}
        inner = {f for f in there if any(is_under(str(f), other) for other in there - {f})}
        self._watched = sorted(there - inner)
        library = self._library.folder

        def wanted(path: str) -> bool:
            return not is_under(path, library)

        for polling in [self._polling, True]:
            try:
                return Changes(self._watched, wanted=wanted, polling=polling)
            except FileNotFoundError:  # it went just now, and is looked for again
                self._seen = dict.fromkeys(self._tops)
                return Changes([], wanted=wanted)
            except OSError as error:
                problem = str(error)
                if not polling:
                    self._told(f"the system does not tell of changes ({error}): looking for them")
                self._polling = True
        raise LibraryError(f"{', '.join(map(str, self._watched))} cannot be watched: {problem}")


def _touches(top: Path, burst: set[Path]) -> bool:
    return any(is_under(str(path), top) or is_under(str(top), path) for path in burst)


def _identity(top: Path) -> object:
    """What is different when the path has become another file or folder, or a file has changed."""
    try:
        facts = os.stat(top)
    except OSError:
        return None
    if stat.S_ISDIR(facts.st_mode):
        return facts.st_dev, facts.st_ino
    return stamp_of(top)
