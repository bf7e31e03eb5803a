"""The worker's side: loads one file after another for its parent, under a limit of memory.

Run as `python -m ingest.load.child BYTES`. Requests come on standard input, answers go out on
what was standard output; whatever parsers print goes to standard error.
"""

import gc
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any

from ingest.load.document import load
from ingest.load.frame import read_message, write_loaded, write_message
from ingest.load.steps import listening
from models.errors import KvasirError

Request = dict[str, Any]
Done = Callable[[IO[bytes]], None]
"""Writes an answer that is more than a message."""


def main() -> None:
    """Load what is asked for, until the parent closes the pipe or dies."""
    serve(_loaded)


def serve(work: Callable[[Request, IO[bytes]], Done]) -> None:
    """Answer requests with what `work` makes of each, until the parent closes the pipe or dies.

    `work` is also given where steps on the way may be told.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    _limit_memory(int(sys.argv[1]))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, requests), daemon=True).start()
    while True:
        answer = _answer(work, requests.get(), answers)
        if not isinstance(answer, dict):
            answer(answers)
            continue
        write_message(answers, answer)
        if answer.get("out_of_memory"):
            os._exit(1)  # the heap is in pieces: the next file deserves a fresh one


def _receive(pipe: IO[bytes], requests: "queue.SimpleQueue[Request]") -> None:
    """Pass requests on; end the process when the parent is gone, even in the midst of a file."""
    while (request := read_message(pipe)) is not None:
        requests.put(request)
    os._exit(0)


def _loaded(request: Request, answers: IO[bytes]) -> Done:
    def tell(done: int, total: int) -> None:
        write_message(answers, {"done": done, "total": total})

    with listening(tell):
        return partial(write_loaded, loaded=load(Path(request["path"]), name=request["name"]))


def _answer(
    work: Callable[[Request, IO[bytes]], Done], request: Request, answers: IO[bytes]
) -> Done | Request:
    try:
        return work(request, answers)
    except KvasirError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"out_of_memory": True}
    except Exception as error:  # noqa: BLE001  # one file's boundary: a parser's bug costs that file
        message = " ".join(str(error).split())[:200]
        return {"error": f"could not be read ({type(error).__name__}: {message})"}
    finally:
        gc.collect()


def _limit_memory(limit: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))
    except (ValueError, OSError):  # macOS knows the limit and refuses it
        return


if __name__ == "__main__":
    main()
