import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import watchfiles

import ingest.changes
import ingest.load
import ingest.settling
import ingest.watch
from ingest import Library, LibraryError, Progress, SyncReport, sync
from ingest.watch import watch

pytestmark = pytest.mark.usefixtures("plain_loader", "quick")

PATIENCE_S = 60.0


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest.settling, "QUIET_S", 0.1)
    monkeypatch.setattr(ingest.watch, "TICK_S", 0.05)
    monkeypatch.setattr(ingest.watch, "RETRY_S", 0.2)
    monkeypatch.setattr(ingest.changes, "STEP_MS", 50)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text("one fox")
    return folder


class Watching:
    """A watch in a thread, and what it told."""

    def __init__(self, library: Library, *paths: Path) -> None:
        self.library = library
        self.reports: list[SyncReport] = []
        self.troubles: list[str] = []
        self.stop = threading.Event()
        self.progress: Callable[[Progress], None] | None = None
        self._thread = threading.Thread(target=self._run, args=(paths,))

    def __enter__(self) -> "Watching":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.end()

    def end(self) -> None:
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something to come true."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert self._thread.is_alive()
            assert time.monotonic() < deadline, (self.reports, self.troubles)
            time.sleep(0.02)

    def until_held(self, *paths: Path) -> None:
        """Wait until the library holds these files, and no other."""
        wanted = sorted(map(str, paths))
        self.until(lambda: self.library.store.sources("path") == wanted)

    def _run(self, paths: tuple[Path, ...]) -> None:
        watch(
            self.library,
            paths,
            progress=lambda moment: self.progress and self.progress(moment),
            reported=self.reports.append,
            told=self.troubles.append,
            stop=self.stop,
        )


@pytest.fixture
def watching(library: Library, docs: Path) -> Iterator[Watching]:
    with Watching(library, docs) as under_way:
        under_way.until_held(docs / "a.txt")
        under_way.until(lambda: len(under_way.reports) == 1)
        yield under_way


def test_what_is_added_changed_renamed_and_removed_is_followed(
    watching: Watching, docs: Path
) -> None:
    (docs / "b.txt").write_text("two foxes")
    watching.until_held(docs / "a.txt", docs / "b.txt")
    (docs / "b.txt").write_text("three foxes")
    (docs / "a.txt").rename(docs / "c.txt")
    watching.until_held(docs / "b.txt", docs / "c.txt")
    (docs / "b.txt").unlink()
    (docs / "sub").mkdir()
    (docs / "c.txt").rename(docs / "sub" / "c.txt")
    watching.until_held(docs / "sub" / "c.txt")
    (docs / "sub").rename(docs / "other")
    watching.until_held(docs / "other" / "c.txt")
    assert watching.troubles == []


def test_a_burst_reads_what_changed_and_nothing_else(watching: Watching, docs: Path) -> None:
    for number in range(5):
        (docs / f"{number}.txt").write_text(f"fox {number}")
    watching.until(lambda: sum(len(report.added) for report in watching.reports[1:]) == 5)
    assert all(report.unchanged == [] for report in watching.reports)


def test_hidden_temporary_and_ignored_changes_and_the_librarys_own_start_nothing(
    library: Library, docs: Path
) -> None:
    (docs / ".kvasirignore").write_text("*.log\n")
    with Watching(library, docs.parent) as watching:
        watching.until_held(docs / "a.txt")
        for name in (".hidden", "a.tmp", "~$a.txt", "a.log"):
            (docs / name).write_text("nothing")
        (docs / "b.txt").write_text("two foxes")
        watching.until_held(docs / "a.txt", docs / "b.txt")
        (docs / "a.txt").unlink()
        watching.until(lambda: len(watching.reports) == 3)
    told = [(r.added, r.removed, r.unchanged, r.failed) for r in watching.reports[1:]]
    b, a = str(docs / "b.txt"), str(docs / "a.txt")
    assert told == [([b], [], [], []), ([], [a], [], [])]


def test_rules_that_change_hold_for_all_that_is_there(watching: Watching, docs: Path) -> None:
    (docs / "sub").mkdir()
    (docs / "sub" / "b.txt").write_text("two foxes")
    watching.until_held(docs / "a.txt", docs / "sub" / "b.txt")
    (docs / ".kvasirignore").write_text("sub/\n")
    watching.until_held(docs / "a.txt")
    (docs / ".kvasirignore").unlink()
    watching.until_held(docs / "a.txt", docs / "sub" / "b.txt")


def test_a_path_that_vanishes_empties_and_one_that_returns_fills_again(
    watching: Watching, docs: Path
) -> None:
    away = docs.with_name("away")
    docs.rename(away)
    watching.until_held()
    away.rename(docs)
    watching.until_held(docs / "a.txt")
    (docs / "b.txt").write_text("two foxes")  # and is watched again
    watching.until_held(docs / "a.txt", docs / "b.txt")
    assert watching.troubles == []


def test_a_folder_that_could_not_be_read_is_read_when_it_is_opened(
    library: Library, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan, locked = os.scandir, True
    (docs / "sub").mkdir()
    (docs / "sub" / "b.txt").write_text("two foxes")

    def scan_if_open(path: str) -> object:
        if locked and path == str(docs / "sub"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", scan_if_open)
    with Watching(library, docs) as watching:
        watching.until(lambda: len(watching.reports) == 1)
        assert [f.source for f in watching.reports[0].failed] == [str(docs / "sub")]
        locked = False
        (docs / "sub").chmod(0o700)
        watching.until_held(docs / "a.txt", docs / "sub" / "b.txt")


def test_files_that_are_given_are_followed_though_editors_replace_them(
    library: Library, docs: Path
) -> None:
    (docs / "other.txt").write_text("not given")
    with Watching(library, docs / "a.txt") as watching:
        watching.until_held(docs / "a.txt")
        for text in ("two foxes", "three foxes"):
            (docs / "a.new").write_text(text)
            (docs / "a.new").replace(docs / "a.txt")
            watching.until(lambda text=text: library.pages(str(docs / "a.txt"))[0].text == text)


def test_what_changes_while_the_first_sync_is_under_way_is_not_missed(
    library: Library, docs: Path
) -> None:
    def add_one(moment: Progress) -> None:
        if moment.phase == "indexing" and not (docs / "b.txt").exists():
            (docs / "b.txt").write_text("two foxes")

    watching = Watching(library, docs)
    watching.progress = add_one
    with watching:
        watching.until_held(docs / "a.txt", docs / "b.txt")
    assert watching.reports[0].added == [str(docs / "a.txt")]


def test_more_changes_than_may_all_have_been_told_are_a_whole_sync(
    watching: Watching, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest.watch, "MANY", 0)
    (docs / "b.txt").write_text("two foxes")
    watching.until_held(docs / "a.txt", docs / "b.txt")
    watching.until(lambda: len(watching.reports) == 2)
    assert watching.reports[1].unchanged == [str(docs / "a.txt")]


def test_a_library_that_fails_is_told_and_tried_again(
    watching: Watching, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> SyncReport:
        raise LibraryError("the disk is full")

    monkeypatch.setattr(ingest.watch, "sync", full)
    (docs / "b.txt").write_text("two foxes")
    watching.until(lambda: len(watching.troubles) > 1)
    assert set(watching.troubles) == {"the disk is full (this is tried again)"}
    monkeypatch.setattr(ingest.watch, "sync", sync)
    watching.until_held(docs / "a.txt", docs / "b.txt")


def test_where_the_system_tells_nothing_folders_are_looked_through(
    library: Library, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    native = watchfiles.watch

    def limited(*folders: Path, force_polling: bool | None, **keywords: object) -> Iterator[object]:
        if not force_polling:
            raise OSError("OS file watch limit reached.")
        return native(*folders, force_polling=True, **keywords)

    monkeypatch.setattr(watchfiles, "watch", limited)
    monkeypatch.setattr(ingest.changes, "POLL_MS", 50)
    with Watching(library, docs) as watching:
        watching.until_held(docs / "a.txt")
        (docs / "b.txt").write_text("two foxes")
        watching.until_held(docs / "a.txt", docs / "b.txt")
    assert len(watching.troubles) == 1
    assert "OS file watch limit reached" in watching.troubles[0]


def test_a_watch_that_breaks_off_begins_anew_with_a_whole_sync(
    library: Library, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    native, breaks = watchfiles.watch, threading.Event()

    def breaking(*folders: Path, **keywords: object) -> Iterator[object]:
        for changes in native(*folders, **keywords):
            if breaks.is_set():
                breaks.clear()
                raise RuntimeError("error in underlying watcher")
            yield changes

    monkeypatch.setattr(watchfiles, "watch", breaking)
    with Watching(library, docs) as watching:
        watching.until_held(docs / "a.txt")
        breaks.set()
        watching.until(lambda: len(watching.reports) == 2)
        assert watching.reports[1].unchanged == [str(docs / "a.txt")]
        assert len(watching.troubles) == 1
        (docs / "b.txt").write_text("two foxes")
        watching.until_held(docs / "a.txt", docs / "b.txt")


def test_a_watch_that_is_stopped_within_a_sync_keeps_what_was_done(
    library: Library, docs: Path
) -> None:
    (docs / "b.txt").write_text("two foxes")
    watching = Watching(library, docs)

    def stop(moment: Progress) -> None:
        if moment.phase == "reading" and moment.files == 1:
            watching.stop.set()

    watching.progress = stop
    with watching:
        watching.end()
    assert watching.reports == []
    assert len(library.store.sources("path")) == 1
    assert len(sync(library, [docs]).unchanged) == 1  # the lock is free, and it goes on


def test_a_watch_is_stopped_in_the_midst_of_a_file_that_takes_long_to_read(
    library: Library, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow_read(path: Path, **_: object) -> None:
        begun.set()
        assert go_on.wait(PATIENCE_S)

    monkeypatch.setattr(ingest.load, "load_in_worker", slow_read)
    with Watching(library, docs) as watching:
        watching.until(begun.is_set)
        watching.stop.set()
        watching.end()
        go_on.set()
    assert (watching.reports, library.store.sources("path")) == ([], [])


def test_two_watches_of_one_library_take_turns(library: Library, docs: Path) -> None:
    other = docs.with_name("other")
    other.mkdir()
    with Watching(library, docs) as one, Watching(library, other) as two:
        one.until(lambda: len(one.reports) == len(two.reports) == 1)
        (docs / "b.txt").write_text("two foxes")
        (other / "c.txt").write_text("three foxes")
        one.until_held(docs / "a.txt", docs / "b.txt", other / "c.txt")


def test_a_path_that_never_was_is_refused(library: Library, docs: Path) -> None:
    with pytest.raises(LibraryError, match="no such file or folder"):
        watch(library, [docs / "nowhere"])
