"""llama.cpp as it was built: started once, its log handed to Python's logging, its devices.

It requantizes files, too. It knows no context and no tokens.
"""

import ctypes
import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import llama_cpp

from models.engine.build import build
from models.errors import ModelError

__all__ = [
    "Device",
    "build",
    "can_offload",
    "devices",
    "initialise",
    "quantize_file",
    "quantized_size",
    "system_info",
]

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())  # else Python prints warnings: an error is one line here

_LEVELS = {1: logging.DEBUG, 2: logging.DEBUG, 3: logging.WARNING, 4: logging.ERROR}
_listeners: list[Callable[[int, str], None]] = []


@llama_cpp.llama_log_callback
def _to_logging(level: int, text: bytes, _data: Any) -> None:
    line = text.decode("utf-8", "replace").strip()
    if line:
        level = _LEVELS.get(level, logging.DEBUG)
        log.log(level, line)
        for listener in _listeners:
            listener(level, line)


@lru_cache
def initialise() -> None:
    """Start llama.cpp's backends, once."""
    llama_cpp.llama_log_set(_to_logging, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()


# ---- what it runs on


@dataclass(frozen=True)
class Device:
    """What llama.cpp computes on, memory in bytes; a GPU with 0 bytes says nothing of them."""

    name: str
    description: str
    kind: Literal["cpu", "gpu"]
    free: int
    total: int


# enum ggml_backend_dev_type; an accelerator (BLAS, AMX) works on the CPU's behalf, in its memory
_KINDS: dict[int, Literal["cpu", "gpu"]] = {0: "cpu", 1: "gpu", 2: "gpu", 3: "cpu"}


def can_offload() -> bool:
    """Whether this build can put layers on a GPU, if there is one."""
    return bool(llama_cpp.llama_supports_gpu_offload())


def system_info() -> str:
    """The CPU's and the build's features as llama.cpp lists them."""
    initialise()
    return str((llama_cpp.llama_print_system_info() or b"").decode("utf-8", "replace")).strip(" |")


def devices() -> list[Device]:
    """What this build finds to compute on, in llama.cpp's order; none where it does not tell."""
    import psutil

    initialise()
    library = _ggml()
    if library is None:
        return []
    found = []
    for index in range(library.ggml_backend_dev_count()):
        device = library.ggml_backend_dev_get(index)
        kind = _KINDS.get(library.ggml_backend_dev_type(device))
        if kind is None:
            continue
        name = library.ggml_backend_dev_name(device) or b""
        description = library.ggml_backend_dev_description(device) or b""
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        library.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
        if kind == "cpu":  # for which ggml calls all memory free
            free.value = psutil.virtual_memory().available
        text = description.decode("utf-8", "replace").strip()
        found.append(Device(name.decode("utf-8", "replace"), text, kind, free.value, total.value))
    return found


@lru_cache
def _ggml() -> Any:
    """ggml's library with the signatures of its device functions, None where it has none."""
    pointer, size = ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t)
    signatures: dict[str, tuple[list[Any], Any]] = {
        "count": ([], ctypes.c_size_t),
        "get": ([ctypes.c_size_t], pointer),
        "name": ([pointer], ctypes.c_char_p),
        "description": ([pointer], ctypes.c_char_p),
        "type": ([pointer], ctypes.c_int),
        "memory": ([pointer, size, size], None),
    }
    try:
        from llama_cpp._ggml import libggml

        for name, (arguments, result) in signatures.items():
            function = getattr(libggml, f"ggml_backend_dev_{name}")
            function.argtypes, function.restype = arguments, result
    except (ImportError, AttributeError, OSError) as error:
        log.debug("ggml's devices cannot be listed: %s", error)
        return None
    return libggml


# ---- requantizing

_TENSOR = re.compile(r"^\[\s*(\d+)/\s*(\d+)\]")  # the log's line when a tensor's turn comes
_SIZE = re.compile(r"quant size\s*=\s*([\d.]+) MiB")


def quantize_file(
    source: Path,
    target: Path,
    ftype: int,
    threads: int,
    on_progress: Callable[[int, int], None],
) -> None:
    """Write the source's weights in another llama_ftype, quantized ones anew, into `target`.

    `on_progress` gets tensors done and their number, and must not raise. 0 threads are all. It
    blocks until done, and a failure leaves part of a file. Raises ModelError.
    """
    total = 0

    def hear(_level: int, line: str) -> None:
        nonlocal total
        if turn := _TENSOR.match(line):
            total = int(turn[2])
            on_progress(int(turn[1]) - 1, total)

    _quantize(source, target, ftype, threads, hear)
    on_progress(total, total)


def quantized_size(source: Path, ftype: int) -> int:
    """Bytes of weights that `quantize_file` would write; the metadata comes on top.

    Raises ModelError.
    """
    found = []

    def hear(_level: int, line: str) -> None:
        if size := _SIZE.search(line):
            found.append(int(float(size[1]) * 2**20))

    _quantize(source, source, ftype, 1, hear, dry_run=True)
    if not found:
        raise ModelError(f"llama.cpp does not say how large {source.name} would become")
    return found[-1]


def _quantize(
    source: Path,
    target: Path,
    ftype: int,
    threads: int,
    hear: Callable[[int, str], None],
    dry_run: bool = False,
) -> None:
    initialise()
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype, params.nthread = ftype, threads
    params.allow_requantize, params.dry_run = True, dry_run
    complaints: list[str] = []

    def complain(level: int, line: str) -> None:
        if level == logging.ERROR:
            complaints.append(line.rpartition("failed to quantize: ")[2])

    with _listening(hear), _listening(complain):
        status = llama_cpp.llama_model_quantize(
            os.fsencode(source), os.fsencode(target), ctypes.byref(params)
        )
    if status:
        reason = complaints[-1] if complaints else f"status {status}"
        if "iostream error" in reason:  # all that C++ tells of a failed write
            raise ModelError(
                f"{target.parent} could not be written to the end: the disk may be full"
            )
        raise ModelError(f"llama.cpp cannot quantize {source}: {reason}")


@contextmanager
def _listening(listener: Callable[[int, str], None]) -> Iterator[None]:
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
