import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest

from models.child import in_child
from models.errors import ModelError

ROOT = Path(__file__).resolve().parents[2]

WORK = """
import ctypes, os, sys, time
from models.errors import SettingsError

def count(request, note):
    for number in range(request["to"]):
        print("what a library prints")
        note({"at": number})
    return {"sum": sum(range(request["to"])), "text": "维基"}

def refuse(request, note):
    raise SettingsError("the setting is wrong")

def fail(request, note):
    raise ValueError("a bug")

def abort(request, note):
    print("ggml.c:1: GGML_ASSERT(x) failed", file=sys.stderr, flush=True)
    os.abort()

def segfault(request, note):
    ctypes.string_at(0)

def leave(request, note):
    os._exit(3)

def end(request, note):
    os.kill(os.getpid(), 9)

def sleep(request, note):
    note(os.getpid())
    time.sleep(60)
"""


@pytest.fixture
def work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (folder / "kvasir_work.py").write_text(WORK)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    module = ModuleType("kvasir_work")
    exec(WORK, module.__dict__)
    return module


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            return False
        time.sleep(0.02)
    return True


def is_gone(process: int) -> bool:
    try:
        return bool(psutil.Process(process).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_the_result_comes_back_and_the_notes_before_it_in_order(work: Any) -> None:
    notes: list[Any] = []
    result = in_child(work.count, {"to": 3}, notes.append)
    assert result == {"sum": 3, "text": "维基"}
    assert notes == [{"at": 0}, {"at": 1}, {"at": 2}]


def test_what_it_prints_reaches_nobody(work: Any, capfd: pytest.CaptureFixture[str]) -> None:
    in_child(work.count, {"to": 2})
    assert capfd.readouterr() == ("", "")


def test_its_refusal_is_a_refusal_here(work: Any) -> None:
    with pytest.raises(ModelError, match=r"^the setting is wrong$"):
        in_child(work.refuse, {})


def test_a_bug_keeps_its_traceback(work: Any) -> None:
    with pytest.raises(RuntimeError, match="ValueError: a bug"):
        in_child(work.fail, {})


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("abort", r"crashed with SIGABRT: ggml\.c:1: GGML_ASSERT\(x\) failed"),
        ("segfault", "crashed with SIGSEGV"),
        ("leave", "ended with exit code 3"),
        ("end", "ended by SIGKILL: memory may be too small"),
    ],
)
def test_a_crash_is_one_line(work: Any, name: str, says: str) -> None:
    with pytest.raises(ModelError, match=says) as caught:
        in_child(getattr(work, name), {})
    assert "\n" not in str(caught.value)


def test_what_takes_too_long_is_ended(work: Any) -> None:
    processes: list[int] = []
    with pytest.raises(ModelError, match="ended after 2 s"):
        in_child(work.sleep, {}, processes.append, timeout=2)
    assert is_gone(processes[0])


def test_an_interruption_here_ends_it(work: Any) -> None:
    processes: list[int] = []

    def interrupt(process: int) -> None:
        processes.append(process)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_child(work.sleep, {}, interrupt)
    assert is_gone(processes[0])


def test_it_does_not_outlive_a_parent_that_is_killed(work: Any, folder: Path) -> None:
    program = "import sys, kvasir_work\nfrom models.child import in_child\n"
    program += "in_child(kvasir_work.sleep, {}, lambda pid: print(pid, flush=True))"
    path = os.pathsep.join((str(ROOT), str(folder)))
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout
        process = int(parent.stdout.readline())
        assert not is_gone(process)
        parent.send_signal(signal.SIGKILL)
    assert wait_until(lambda: is_gone(process))
