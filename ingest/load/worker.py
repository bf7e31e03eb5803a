"""Parsers in processes of their own: one that hangs, crashes or eats memory costs one file.

A process is reused from file to file, and started anew after one that it did not survive.
"""

import atexit
import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypeVar

from ingest.errors import DocumentError
from ingest.load.frame import read_loaded, read_message, write_message
from ingest.load.loaded import Loaded
from ingest.load.patience import Patience
from models.settings import get_settings

_ROOT = Path(__file__).resolve().parents[2]  # where the packages are
MEMORY_LIMIT = 4 << 30
"""Bytes of addresses. Reading the densest scan takes half of them, a third in truth (1.3 GB)."""

WORKERS = 2
"""Processes at most: a slow file must not keep the others waiting."""

SILENCE_S = 120.0
IN_ALL_S = 3600.0
"""Even for a file whose pages come one by one."""

Told = Callable[[int, int], None]
Answer = TypeVar("Answer")
Receive = Callable[[IO[bytes], dict[str, Any]], Answer | None]
"""Reads what follows the first message of an answer; None where the child is gone meanwhile."""


class Worker:
    """One child process that does its work on files, one at a time. Safe to call from threads.

    `module` is what the process runs; by default it loads files.
    """

    def __init__(self, memory_limit: int = MEMORY_LIMIT, module: str = "ingest.load.child") -> None:
        self._memory_limit = memory_limit
        self._module = module
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def load(
        self,
        path: Path,
        *,
        name: str | None = None,
        timeout_s: float = SILENCE_S,
        in_all_s: float = IN_ALL_S,
        progress: Told | None = None,
    ) -> Loaded:
        """What `load` gives, or DocumentError also where the parser does not survive the file.

        The time counts from when the process turns to this file, and `timeout_s` anew with every
        page. `progress` is told how many pages are done, of how many.
        """
        request = {"path": str(path.resolve()), "name": name or path.name}
        return self.ask(request, read_loaded, timeout_s, in_all_s, progress)

    def ask(
        self,
        request: dict[str, Any],
        receive: Receive[Answer],
        timeout_s: float,
        in_all_s: float,
        progress: Told | None = None,
    ) -> Answer:
        """What the process answers to a request; times, progress and errors are as for `load`."""
        with self._lock:
            process = self._running()
            with Patience(process.kill, timeout_s, in_all_s) as patience:

                def told(done: int, total: int) -> None:
                    patience.heard(done, total)
                    if progress is not None:
                        progress(done, total)

                try:
                    answer = self._ask(process, request, receive, told)
                except BaseException:  # an answer may be under way that is nobody's any more
                    process.kill()
                    process.wait()
                    raise
            if patience.reason:  # perhaps just after it answered
                process.wait()
            if answer is None:
                death = _death(process)
                raise DocumentError(patience.reason or death)
        if isinstance(answer, str):
            raise DocumentError(answer)
        return answer

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
            env={**os.environ, "PYTHONPATH": path, **_variables()},
        )
        return self._process

    def _ask(
        self,
        process: "subprocess.Popen[bytes]",
        request: dict[str, Any],
        receive: Receive[Answer],
        told: Told,
    ) -> Answer | str | None:
        """The answer or why there is none; None where the child died over the question."""
        answer = _exchange(process, request)
        while answer is not None and "done" in answer:
            told(answer["done"], answer["total"])
            answer = _exchange(process)
        if answer is None:
            return None
        if "out_of_memory" in answer:
            process.wait()  # it ends itself
            return f"needs more than {_size(self._memory_limit)} of memory to read"
        if "error" in answer:
            return str(answer["error"])
        return _rest(process, answer, receive)


class Pool:
    """Several workers, each started when all others are busy."""

    def __init__(self, workers: int = WORKERS) -> None:
        self._workers = [Worker() for _ in range(workers)]
        self._free: queue.LifoQueue[Worker] = queue.LifoQueue()  # the last used has its process
        for worker in self._workers:
            self._free.put(worker)

    def load(
        self, path: Path, *, name: str | None, timeout_s: float, progress: Told | None
    ) -> Loaded:
        """What `Worker.load` gives, as soon as a worker is free."""
        worker = self._free.get()
        try:
            return worker.load(path, name=name, timeout_s=timeout_s, progress=progress)
        finally:
            self._free.put(worker)

    def close(self) -> None:
        """End the processes, whatever they are at."""
        for worker in self._workers:
            worker.close()


def _exchange(
    process: "subprocess.Popen[bytes]", request: dict[str, Any] | None = None
) -> dict[str, Any] | None:
    """The child's next message, after a request if there is one; None where it is gone."""
    if process.stdin is None or process.stdout is None:
        return None
    try:
        if request is not None:
            write_message(process.stdin, request)
        return read_message(process.stdout)
    except (OSError, ValueError):  # the pipe broke, or close() shut it, or it talks nonsense
        process.kill()
        return None


def _rest(
    process: "subprocess.Popen[bytes]", message: dict[str, Any], receive: Receive[Answer]
) -> Answer | None:
    if process.stdout is None:
        return None
    try:
        return receive(process.stdout, message)
    except (OSError, ValueError):
        process.kill()
        return None


def _variables() -> dict[str, str]:
    """What a child needs to know of the settings: it finds no kvasir.toml of its parent's."""
    settings = get_settings()
    # BLAS reserves memory for every core as soon as numpy is imported.
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    able = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # Who reads pictures has its share of them.
    threads = max(1, (settings.threads or able) // WORKERS)
    return {**one, "KVASIR_THREADS": str(threads), "KVASIR_OCR": settings.ocr}


def _death(process: "subprocess.Popen[bytes]") -> str:
    try:
        code = process.wait(timeout=10)
    except subprocess.TimeoutExpired:  # it closed its pipe and lives on
        process.kill()
        code = process.wait()
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
    """End the shared processes; the next `load_in_worker` starts another."""
    _shared.close()


_shared = Pool()
atexit.register(_shared.close)


def load_in_worker(
    path: Path,
    *,
    name: str | None = None,
    timeout_s: float = SILENCE_S,
    progress: Told | None = None,
) -> Loaded:
    """`load` in one of the shared child processes, WORKERS at most, started when needed.

    Raises DocumentError also for a file that crashes its parser, needs more memory than
    MEMORY_LIMIT, on which nothing is heard of for `timeout_s`, or that takes longer than IN_ALL_S.
    `progress` is told, in the caller's thread, how many pages are done, of how many.
    """
    return _shared.load(path, name=name, timeout_s=timeout_s, progress=progress)
