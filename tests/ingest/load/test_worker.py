import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from scans import drawn

from ingest.errors import DocumentError
from ingest.load import load, load_in_worker
from ingest.load.worker import Pool, Worker, close
from models.settings import get_settings

ROOT = Path(__file__).resolve().parents[3]
# A child whose parser of plain text does what the text says.
MISCHIEF = """
import os, sys, time
from pathlib import Path
from ingest.load import child, plain, steps

real = plain.parse

def parse(path):
    order = path.read_text().strip()
    if order == "hang":
        time.sleep(600)
    if order == "die":
        os.kill(os.getpid(), 9)
    if order == "exit":
        os._exit(3)
    if order == "eat":
        return [b"x" * (8 << 30)], ""
    if order.startswith("pages"):
        for page in range(6):
            steps.step(page, 20)
            time.sleep(0.3)
        time.sleep(600 if order == "pages and hang" else 0)
    if order == "bug":
        raise ZeroDivisionError("one\\ntwo")
    if order == "chatter":
        print("x" * 100000, flush=True)
        os.write(1, b"raw")
    if order == "pid":
        Path(str(path) + ".pid").write_text(str(os.getpid()))
        time.sleep(600)
    return real(path)

plain.parse = parse
child.main()
"""


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    (tmp_path / "kvasir_mischief.py").write_text(MISCHIEF)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    worker = Worker(memory_limit=2 << 30, module="kvasir_mischief")
    yield worker
    worker.close()


def test_the_shared_worker_loads_what_load_loads(write, make_pdf) -> None:
    path = write("a.pdf", make_pdf([["One"], ["Two"]], title="T"))
    assert load_in_worker(path) == load(path)
    assert load_in_worker(write("upload", "# H\n"), name="a.md").title == "H"
    with pytest.raises(DocumentError, match=r"^empty file$"):
        load_in_worker(write("b.txt", ""))
    close()
    assert load_in_worker(path).title == "T"
    close()


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ("hang", r"^gave up after 1\.5 s$"),
        ("pages and hang", r"^gave up after 1\.5 s at page 6$"),
        ("die", r"^the parser crashed \(SIGKILL\)$"),
        ("exit", r"^the parser ended early \(exit code 3\)$"),
        ("eat", r"^needs more than 2 GiB of memory to read$"),
        ("bug", r"^could not be read \(ZeroDivisionError: one two\)$"),
    ],
)
def test_a_bad_file_costs_that_file_alone(worker: Worker, write, order: str, reason: str) -> None:
    assert worker.load(write("good.txt", "good")).pages[0].text == "good"
    with pytest.raises(DocumentError, match=reason):
        worker.load(write("bad.txt", order), timeout_s=1.5 if "hang" in order else 60)
    assert worker.load(write("good.txt", "good again")).pages[0].text == "good again"


def test_a_file_whose_pages_come_one_by_one_is_waited_for(worker: Worker, write) -> None:
    told: list[tuple[int, int]] = []
    path = write("slow.txt", "pages")
    worker.load(write("good.txt", "good"))  # starting takes its time, too
    loaded = worker.load(path, timeout_s=1.0, progress=lambda *step: told.append(step))
    assert loaded.pages[0].text == "pages"
    assert told == [(page, 20) for page in range(6)]


def test_no_file_is_waited_for_longer_than_in_all(worker: Worker, write) -> None:
    with pytest.raises(DocumentError, match=r"^gave up after 1\.2 s"):
        worker.load(write("slow.txt", "pages"), in_all_s=1.2)


def test_a_worker_keeps_to_its_parents_settings_wherever_they_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kvasir.toml").write_text('ocr = "off"\n')
    monkeypatch.delenv("KVASIR_OCR", raising=False)
    monkeypatch.chdir(tmp_path)
    get_settings.cache_clear()
    drawn(["Words"]).save(tmp_path / "a.png")
    worker = Worker()
    try:
        with pytest.raises(DocumentError, match=r"^a picture, and OCR is off"):
            worker.load(tmp_path / "a.png")
    finally:
        worker.close()
        get_settings.cache_clear()


def test_what_is_told_may_end_the_work(worker: Worker, write) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        worker.load(write("slow.txt", "pages and hang"), progress=stop)
    assert worker.load(write("good.txt", "good")).pages[0].text == "good"


def test_what_a_parser_prints_does_not_get_into_the_answer(worker: Worker, write) -> None:
    assert worker.load(write("a.txt", "chatter")).pages[0].text == "chatter"


def test_threads_take_turns(worker: Worker, write) -> None:
    paths = [write(f"{i}.txt", f"text {i}" * 1000) for i in range(8)]
    texts: dict[int, str] = {}

    def work(i: int) -> None:
        texts[i] = worker.load(paths[i]).pages[0].text

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == {i: f"text {i}" * 1000 for i in range(8)}


def test_a_pool_loads_several_files_at_a_time(write, make_pdf) -> None:
    at_once = threading.Barrier(2, timeout=60)  # each waits inside its file for the other
    pool = Pool(2)
    paths = [write(f"{i}.pdf", make_pdf([["One"], ["Two"]], title=f"T{i}")) for i in range(4)]
    titles: set[str] = set()

    def meet(done: int, total: int) -> None:
        if done == 0:
            at_once.wait()

    def work(path: Path) -> None:
        titles.add(pool.load(path, name=None, timeout_s=60, progress=meet).title)

    threads = [threading.Thread(target=work, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pool.close()
    assert titles == {"T0", "T1", "T2", "T3"}


def test_closing_ends_a_file_under_way(worker: Worker, write) -> None:
    timer = threading.Timer(1.0, worker.close)
    timer.start()
    with pytest.raises(DocumentError, match="crashed"):
        worker.load(write("a.txt", "hang"), timeout_s=60)
    timer.join()


def test_a_parent_that_dies_takes_the_worker_along(worker: Worker, write: Callable) -> None:
    path = write("a.txt", "pid")
    code = (
        "from pathlib import Path; from ingest.load.worker import Worker;"
        f"Worker(module='kvasir_mischief').load(Path({str(path)!r}))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=_with_root())
    noted = Path(f"{path}.pid")
    _wait_for(lambda: noted.exists() and noted.read_text() != "")
    parent.kill()
    parent.wait()
    _wait_for(lambda: not _alive(int(noted.read_text())))


def _with_root() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ['PYTHONPATH']}"}


def _wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(300):
        if condition():
            return
        time.sleep(0.1)
    pytest.fail("it did not happen within 30 s")


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
