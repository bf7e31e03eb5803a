"""A model's file in another quantization, whole or not at all.

llama.cpp does it, in a process of its own. Where the file goes is the caller's to say.
"""

import errno
import os
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from models.child import Note, in_child
from models.errors import ModelError
from models.machine import in_units
from models.settings import get_settings

# enum llama_ftype of llama.h, without those that need an importance matrix
KINDS = {
    "F32": 0,
    "F16": 1,
    "BF16": 32,
    "Q8_0": 7,
    "Q6_K": 18,
    "Q5_K_M": 17,
    "Q5_K_S": 16,
    "Q5_1": 9,
    "Q5_0": 8,
    "Q4_K_M": 15,
    "Q4_K_S": 14,
    "Q4_1": 3,
    "Q4_0": 2,
    "IQ4_NL": 25,
    "IQ4_XS": 30,
    "Q3_K_L": 13,
    "Q3_K_M": 12,
    "Q3_K_S": 11,
    "Q2_K": 10,
}
ABANDONED_S = 3600  # a draft that nobody wrote to for so long is that of a killed process
_SUFFIX = ".draft"


def quantize(
    source: Path, target: Path, kind: str, on_progress: Callable[[int, int], None]
) -> None:
    """Write `target`: the model of `source` in another quantization; replaces what is there.

    `on_progress` gets tensors done and their number. Weights that are quantized already are
    quantized anew, which costs quality. However it ends, no part of a file is left behind, but by
    a killed process, whose draft the next call removes an hour later. Raises ModelError.
    """
    ftype = _ftype(kind)
    request = {"source": str(source), "ftype": ftype, "threads": get_settings().threads}
    try:
        _check(source, target)
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(target)
        _check_space(target, quantized_size(source, kind))
        draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}{_SUFFIX}")
        draft.touch()  # the system's own word, where there may be no file
        try:
            in_child(_write, {**request, "target": str(draft)}, lambda done: on_progress(*done))
            _check_whole(draft)
            _replace(draft, target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise ModelError(f"{target} cannot be written: {error.strerror}") from error


def quantized_size(source: Path, kind: str) -> int:
    """Bytes of weights that the source would have in that quantization. Raises ModelError."""
    return int(in_child(_measure, {"source": str(source), "ftype": _ftype(kind)}))


def _ftype(kind: str) -> int:
    try:
        return KINDS[kind.upper()]
    except KeyError as error:
        raise ModelError(
            f"there is no quantization {kind}. Use one of {', '.join(KINDS)}"
        ) from error


def _check(source: Path, target: Path) -> None:
    from models.card import read_card

    read_card(source)  # says what is wrong with a file that is no model
    if target.is_dir():
        raise ModelError(f"{target} is a folder: name a file")
    if target.exists() and target.samefile(source):
        raise ModelError(f"{target} is the file to be quantized: name another")


def _check_space(target: Path, size: int) -> None:
    free = shutil.disk_usage(target.parent).free
    if size > free:
        raise ModelError(
            f"{target.name} needs {in_units(size)} and {target.parent} has {in_units(free)} free. "
            "Make room, or name another folder."
        )


def _check_whole(draft: Path) -> None:
    """llama.cpp overlooks some failed writes: a file that is cut off is noticed here."""
    from models.gguf_header import read_header

    try:
        read_header(draft)
    except ModelError as error:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error


def _replace(draft: Path, target: Path) -> None:
    with draft.open("rb+") as file:  # or a power cut could leave the name and not the data
        os.fsync(file.fileno())
    os.replace(draft, target)


def _remove_abandoned(target: Path) -> None:
    for draft in target.parent.glob(f".*{_SUFFIX}"):
        if draft.name.startswith(f".{target.name}.") and _age(draft) > ABANDONED_S:
            draft.unlink(missing_ok=True)


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


# ---- in the child


def _write(request: dict[str, Any], note: Note) -> None:
    from models.engine.backend import quantize_file

    quantize_file(
        Path(request["source"]),
        Path(request["target"]),
        request["ftype"],
        request["threads"],
        lambda done, total: note([done, total]),
    )


def _measure(request: dict[str, Any], _note: Note) -> int:
    from models.engine.backend import quantized_size as size

    return size(Path(request["source"]), request["ftype"])
