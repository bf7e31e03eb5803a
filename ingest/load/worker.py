"""Parsers in a process of their own: one that hangs, crashes or eats memory costs one file.

The process is reused from file to file, and started anew after one that it did not survive.
"""

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from ingest.errors import DocumentError
from ingest.load.frame import read_message, unpack, write_message
from ingest.load.loaded import Loaded

_ROOT = Path(__file__).resolve().parents[2]  # where the packages are
MEMORY_LIMIT = 4 << 30  # bytes


class Worker:
    """One child process that loads files, one at a time. Safe to call from several threads."""

    def __init__(self, memory_limit: int = MEMORY_LIMIT, module: str = "ingest.load.child") -> None:
        self._memory_limit = memory_limit
        self._module = module
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def load(self, path: Path, *, name: str | None = None, timeout_s: float = 120.0) -> Loaded:
        """What `load` gives, or DocumentError also where the parser does not survive the file.

        The time counts from when the process turns to this file.
        """
        request = {"path": str(path.resolve()), "name": name or path.name}
        with self._lock:
            process = self._running()
            late = threading.Event()
            timer = threading.Timer(timeout_s, _give_up, (process, late))
            timer.daemon = True
            timer.start()
            try:
                answer = self._ask(process, request)
            except BaseException:  # an answer may be under way that is nobody's any more
                process.kill()
                raise
            finally:
                timer.cancel()
            if answer is None:
                raise DocumentError(_death(process, timeout_s if late.is_set() else None))
        if answer.get("out_of_memory"):
            raise DocumentError(f"needs more than {_size(self._memory_limit)} of memory to read")
        if "error" in answer:
            raise DocumentError(answer["error"])
        return unpack(answer["loaded"])

    def close(self) -> None:
        """End the process, whatever it is at; the next file starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # what was not sent has nobody to go to
                if pipe:
                    pipe.close()

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", self._module, str(self._memory_limit)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,  # "-m" looks there first, and must not find a stranger's json.py
            # BLAS reserves memory for every core as soon as numpy is imported.
            env={**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"},
        )
        return self._process

    def _ask(
        self, process: "subprocess.Popen[bytes]", request: dict[str, Any]
    ) -> dict[str, Any] | None:
        """The child's answer, None where it died over the question."""
        if process.stdin is None or process.stdout is None:
            return None
        try:
            write_message(process.stdin, request)
            answer = read_message(process.stdout)
        except (OSError, ValueError):  # the pipe broke, or close() shut it
            return None
        if answer is not None and answer.get("out_of_memory"):
            process.wait()  # it ends itself
        return answer


def _give_up(process: "subprocess.Popen[bytes]", late: threading.Event) -> None:
    late.set()
    process.kill()


def _death(process: "subprocess.Popen[bytes]", timeout_s: float | None) -> str:
    code = process.wait()
    if timeout_s is not None:
        return f"gave up after {timeout_s:g} s"
    if code >= 0:
        return f"the parser ended early (exit code {code})"
    try:
        cause = signal.Signals(-code).name
    except ValueError:
        cause = f"signal {-code}"
    return f"the parser crashed ({cause})"


def _size(limit: int) -> str:
    return f"{limit / (1 << 30):g} GiB"


def close() -> None:
    """End the shared process; the next `load_in_worker` starts another."""
    _shared.close()


_shared = Worker()
atexit.register(_shared.close)


def load_in_worker(path: Path, *, name: str | None = None, timeout_s: float = 120.0) -> Loaded:
    """`load` in the one shared child process, started by the first call.

    Raises DocumentError also for a file that takes longer than `timeout_s`, crashes its parser or
    needs more memory than MEMORY_LIMIT.
    """
    return _shared.load(path, name=name, timeout_s=timeout_s)
