"""Copies of models in other quantizations, made by tuning and kept in the cache.

A copy belongs to one very file: its path, size and time of change are in the copy's name.
"""

import hashlib
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from models.errors import ModelError
from models.gguf_header import read_header
from models.quantize import quantize
from models.settings import get_settings
from models.tuning import recorded_weights

_NAME = re.compile(r"-([0-9a-f]{12})-[A-Z0-9_]+\.gguf$")
_DAY_S = 86400.0


def folder() -> Path:
    """Where the copies lie."""
    return get_settings().cache.expanduser() / "tuned"


def copy_of(source: Path, kind: str, on_progress: Callable[[int, int], None]) -> Path:
    """The copy of a model in that quantization, made if there is none. Raises ModelError."""
    copy = folder() / f"{source.stem}-{_key(source)}-{kind}.gguf"
    if not _whole(copy):
        quantize(source, copy, kind, on_progress)
    return copy


def remove_unused(source: Path) -> None:
    """Remove the copies of this model that no tuning names, and other models' a day later."""
    used, key = recorded_weights(), _key(source)
    for copy in folder().glob("*.gguf"):
        named = _NAME.search(copy.name)
        if not named or copy in used:
            continue
        with suppress(OSError):  # it is gone, or in use: the next tuning tries again
            if named[1] == key or time.time() - copy.stat().st_mtime > _DAY_S:
                copy.unlink()


def _whole(copy: Path) -> bool:
    try:
        read_header(copy)
    except ModelError:
        return False
    return True


def _key(source: Path) -> str:
    found = source.stat()
    identity = f"{source.resolve()}\n{found.st_size}\n{found.st_mtime_ns}"
    return hashlib.sha256(identity.encode()).hexdigest()[:12]
