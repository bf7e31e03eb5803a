"""What was measured to be best for a model on this machine, kept in the cache.

It measures nothing and loads nothing: models.tune does.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import FiniteFloat, PositiveInt, TypeAdapter, ValidationError

from models.engine.build import build
from models.errors import ModelError
from models.settings import get_settings

BUSY = 0.3  # with more than this, the figures are not to be trusted

_FILE = "tuning.json"
_LOCK_S = 10.0


@dataclass(frozen=True)
class Tuning:
    """How to run a model: `weights` is its own file, or a copy of it in another quantization.

    `prefill` and `decode` are tokens per second; `seconds` are for a typical question, and
    `seconds_before` for the model's own file as it would run untuned. `loss` is the mean negative
    log-likelihood of a token of the sample text, `loss_before` that of the model's own file.
    `busy` is the share of the processors' time that went to other programs, 0 to 1.
    """

    weights: Path
    kind: str
    threads: PositiveInt
    flash_attention: bool
    batch: PositiveInt
    prefill: FiniteFloat
    decode: FiniteFloat
    seconds: FiniteFloat
    seconds_before: FiniteFloat
    loss: FiniteFloat
    loss_before: FiniteFloat
    busy: FiniteFloat

    def as_json(self) -> dict[str, Any]:
        """The tuning in plain types."""
        return {**asdict(self), "weights": str(self.weights)}


def tuned(path: Path) -> Tuning | None:
    """The tuning of this very file, on this machine, with this build of llama.cpp, if any.

    None, too, if its weights have vanished or changed since, or the record cannot be understood.
    """
    try:
        wanted = _subject(path)
    except OSError:
        return None
    for entry in _entries():
        if all(entry.get(name) == value for name, value in wanted.items()):
            return _tuning(entry)
    return None


def record(path: Path, tuning: Tuning) -> None:
    """Keep the tuning of a model's file; what was measured for it here before goes.

    Raises ModelError if the cache cannot be written.
    """
    from filelock import FileLock, Timeout

    file = _file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        subject = _subject(path)
        entry = {**subject, "tuning": tuning.as_json(), "file": _identity(tuning.weights)}
        with FileLock(f"{file}.lock", timeout=_LOCK_S):
            same = {name: subject[name] for name in ("model", "machine")}
            others = [old for old in _entries() if any(old.get(n) != v for n, v in same.items())]
            _write(file, [*others, entry])
    except OSError as error:
        raise ModelError(
            f"{file} cannot be written: {error.strerror}. Set KVASIR_CACHE to a folder."
        ) from error
    except Timeout as error:
        raise ModelError(f"{file} is locked by another process. Try again.") from error


def recorded_weights() -> set[Path]:
    """The files that any record names, whatever the machine."""
    tunings = (entry.get("tuning") for entry in _entries())
    return {
        Path(tuning["weights"])
        for tuning in tunings
        if isinstance(tuning, dict) and isinstance(tuning.get("weights"), str)
    }


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@lru_cache
def machine() -> str:
    """The processor's name and how many there are: "AMD EPYC × 2"."""
    return f"{_processor()} × {cores()}"


def _processor() -> str:
    if sys.platform == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            return done.stdout.strip() or platform.machine()
        except OSError:
            return platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux: what Python knows has to do
    return platform.processor() or platform.machine()


def _file() -> Path:
    return get_settings().cache.expanduser() / _FILE


def _identity(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def _subject(path: Path) -> dict[str, Any]:
    path = path.resolve()
    names = {"model": str(path), "machine": machine(), "build": build()}
    return {**names, "identity": _identity(path)}


def _entries() -> list[dict[str, Any]]:
    """What the file holds, as far as it can be understood."""
    try:
        found = json.loads(_file().read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _tuning(entry: dict[str, Any]) -> Tuning | None:
    try:
        tuning = TypeAdapter(Tuning).validate_python(entry.get("tuning"))
        unchanged = entry.get("file") == _identity(tuning.weights)
    except (ValidationError, OSError, ValueError):  # damaged, or its weights are gone
        return None
    return tuning if unchanged else None


def _write(file: Path, entries: list[dict[str, Any]]) -> None:
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=file.parent, prefix=f"{file.name}.", delete=False
    ) as draft:
        try:
            json.dump(entries, draft, indent=1, ensure_ascii=False)
            draft.flush()
            os.replace(draft.name, file)
        except BaseException:
            os.unlink(draft.name)
            raise
