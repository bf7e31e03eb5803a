"""Work in a process of its own: a crash in it costs that work alone, and it can be killed.

A function is run by its name in a fresh interpreter; what goes in and comes out is JSON. It does
not know what the work is.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from models.errors import KvasirError, ModelError

_ROOT = Path(__file__).resolve().parent.parent

Note = Callable[[Any], None]
Work = Callable[[dict[str, Any], Note], Any]


def in_child(
    work: Work, request: dict[str, Any], on_note: Note | None = None, timeout: float | None = None
) -> Any:
    """What `work(request, note)` returns, run in a child; its notes reach `on_note` meanwhile.

    `work` is a module's function. Raises ModelError with what it raised as a KvasirError, or that
    it crashed or took over `timeout` seconds. Ctrl-C here ends the child, and so does our end.
    """
    with tempfile.TemporaryFile() as complaints:
        child = _start(work, request, complaints)
        late = threading.Event()

        def end() -> None:
            late.set()
            child.kill()

        timer = threading.Timer(timeout or 0, end)
        timer.daemon = True
        if timeout:
            timer.start()
        try:
            answer = _listen(child, on_note)
        finally:
            timer.cancel()
            child.kill()
            child.communicate()
        if "result" in answer:
            return answer["result"]
        if "error" in answer:
            raise ModelError(answer["error"])
        if late.is_set():
            raise ModelError(f"it was ended after {timeout:.0f} s")
        complaints.seek(0)
        raise _crash(child.returncode, complaints.read().decode("utf-8", "replace"))


def _start(work: Work, request: dict[str, Any], complaints: IO[bytes]) -> subprocess.Popen[str]:
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    # ggml would start a debugger on itself to print where it crashed.
    environment = {**os.environ, "PYTHONPATH": path, "GGML_NO_BACKTRACE": "1"}
    name = [work.__module__, work.__name__, json.dumps(request)]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "models.child", *name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        text=True,
        encoding="utf-8",
        env=environment,
    )


def _listen(child: subprocess.Popen[str], on_note: Note | None) -> dict[str, Any]:
    """The child's last message, {} if it ends without one."""
    for line in child.stdout or ():
        try:
            message = json.loads(line)
        except ValueError:  # killed while it wrote
            break
        if "note" not in message:
            return dict(message)
        if on_note:
            on_note(message["note"])
    child.wait()
    return {}


def _crash(status: int, complaints: str) -> Exception:
    lines = [line.strip() for line in complaints.splitlines() if line.strip()]
    if status > 0 and any(line.startswith("Traceback ") for line in lines):
        return RuntimeError(f"a bug, in a process of its own:\n{complaints}")
    last = f": {lines[-1]}" if lines else ""
    if status >= 0:
        return ModelError(f"its process ended with exit code {status}{last}")
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = str(-status)
    if -status == getattr(signal, "SIGKILL", 0):
        return ModelError(f"its process was ended by {name}: memory may be too small for it")
    return ModelError(f"its process crashed with {name}{last}")


# ---- in the child


def _serve(module: str, function: str, request: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both: our parent decides
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # Whatever a library prints must not come between the messages.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as messages:
        os.dup2(2, 1)

        def say(message: dict[str, Any]) -> None:
            messages.write(json.dumps(message) + "\n")
            messages.flush()

        try:
            work = getattr(import_module(module), function)
            say({"result": work(json.loads(request), lambda note: say({"note": note}))})
        except KvasirError as error:
            say({"error": str(error)})


def _end_with_parent() -> None:
    os.read(0, 1)  # returns when the parent is gone: it never writes
    os._exit(1)


if __name__ == "__main__":
    _serve(*sys.argv[1:])
