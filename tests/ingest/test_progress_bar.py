import sys

import pytest

from ingest.progress import Progress
from ingest.progress_bar import Pace, progress_bar


def test_chunks_are_counted_over_files_and_by_the_second() -> None:
    pace = Pace()
    pace.describe(Progress("reading", 0, 2, "/docs/a.txt"), 0.0)
    pace.describe(Progress("embedding", 0, 2, "/docs/a.txt", 0, 10), 10.0)
    pace.describe(Progress("embedding", 0, 2, "/docs/a.txt", 10, 10), 12.0)
    pace.describe(Progress("embedding", 1, 2, "/docs/b.txt", 0, 2000), 13.0)
    told = pace.describe(Progress("embedding", 1, 2, "/docs/b.txt", 1490, 2000), 25.0)
    assert told == "1/2 files, 1,500 chunks, 100.0 chunks/s, b.txt"
    told = pace.describe(Progress("indexing", 2, 2), 25.0)
    assert told == "2/2 files, 1,500 chunks, 100.0 chunks/s, indexing"


def test_a_run_that_embeds_nothing_tells_files_only() -> None:
    told = Pace().describe(Progress("reading", 3, 1200, "/docs/a.txt"), 5.0)
    assert told == "3/1,200 files, a.txt"


def test_a_file_that_takes_long_to_read_is_told_with_its_page() -> None:
    told = Pace().describe(Progress("reading", 3, 9, "/docs/a.pdf", read=11, pages=3000), 5.0)
    assert told == "3/9 files, reading a.pdf, page 12 of 3,000"
    told = Pace().describe(Progress("reading", 3, 9, "/docs/a.pdf", read=300, pages=300), 5.0)
    assert told == "3/9 files, reading a.pdf, page 300 of 300"
    told = Pace().describe(Progress("reading", 3, 9, "/docs/a.png", read=0, pages=1), 5.0)
    assert told == "3/9 files, a.png"


def test_waiting_is_said_on_a_terminal_and_elsewhere(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with progress_bar(shown=True) as show:
        show(Progress("waiting"))
    assert capsys.readouterr().err == "waiting: another process is writing to this library\n"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress_bar(shown=True) as show:
        show(Progress("waiting"))
    assert "waiting: another process is writing" in capsys.readouterr().err


def test_each_sync_of_a_watch_has_a_bar_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress_bar(shown=True) as show:
        for files in (4, 1):
            show(Progress("embedding", files - 1, files, "/docs/a.txt", 1, 2))
            show(Progress("done", files, files))
    told = capsys.readouterr().err
    assert "3/4 files, 1 chunk, a.txt" in told
    assert "0/1 files, 1 chunk, a.txt" in told
    assert told.endswith("\r")  # nothing is left on the line


def test_nothing_is_shown_where_nothing_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar(shown=False) as show:
        show(Progress("waiting"))
        show(Progress("embedding", 0, 1, "/docs/a.txt", 1, 2))
    assert capsys.readouterr().err == ""
