import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import ingest.reading
from ingest.reading import read_ahead

PATIENCE_S = 60.0
SCAN, LETTER = Path("/docs/scan.pdf"), Path("/docs/letter.txt")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest.reading, "LOOK_UP_S", 0.01)


def test_who_waits_is_told_in_its_own_thread_how_far_a_slow_file_is() -> None:
    seen, go_on = [], threading.Event()

    def read(path: Path, told: Callable[[int, int], None]) -> str:
        told(11, 300)
        assert go_on.wait(PATIENCE_S)
        return "text"

    def waiting(path: Path, done: int, total: int) -> None:
        seen.append((path, done, total, threading.current_thread()))
        if done:
            go_on.set()

    assert list(read_ahead([SCAN], read, waiting)) == [(SCAN, "text")]
    assert seen[-1] == (SCAN, 11, 300, threading.current_thread())


def test_of_several_slow_files_one_is_told_of_that_has_pages() -> None:
    seen, go_on = [], threading.Event()

    def read(path: Path, told: Callable[[int, int], None]) -> str:
        if path == SCAN:
            told(0, 300)
        assert go_on.wait(PATIENCE_S)
        return path.name

    def waiting(path: Path, done: int, total: int) -> None:
        seen.append((path, done, total))
        if total:
            go_on.set()

    assert {found for _, found in read_ahead([LETTER, SCAN], read, waiting)} == {
        "letter.txt",
        "scan.pdf",
    }
    assert set(seen) <= {(LETTER, 0, 0), (SCAN, 0, 300)}
    assert (SCAN, 0, 300) in seen


def test_who_waits_may_leave_and_the_rest_stays_unread() -> None:
    begun: list[Path] = []
    go_on = threading.Event()

    def read(path: Path, told: Callable[[int, int], None]) -> None:
        begun.append(path)
        assert go_on.wait(PATIENCE_S)

    def waiting(path: Path, done: int, total: int) -> None:
        if len(begun) == ingest.reading.READERS:
            raise KeyboardInterrupt

    paths = [Path(f"/docs/{number}.txt") for number in range(9)]
    with pytest.raises(KeyboardInterrupt):
        list(read_ahead(paths, read, waiting))
    go_on.set()
    assert set(begun) == set(paths[: ingest.reading.READERS])
