"""This machine's memory: what is free on the host, and on each GPU that llama.cpp can use.

It knows no models; models.plan works with what it says and asks for nothing else.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
_CGROUP = Path("/sys/fs/cgroup")
# Limit, use, and the part of the use that the kernel gives back, in cgroup version 2 and 1.
_CGROUP_FILES = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    (
        "memory/memory.limit_in_bytes",
        "memory/memory.usage_in_bytes",
        "memory/memory.stat",
        "total_inactive_file",
    ),
)


@dataclass(frozen=True)
class Gpu:
    """A GPU's memory in bytes; `shares_host` if it is the host's (as on Apple's machines)."""

    name: str
    free: int
    total: int
    shares_host: bool = False


@dataclass(frozen=True)
class Machine:
    """The host's memory in bytes, and the GPUs in llama.cpp's order."""

    total: int
    available: int
    gpus: tuple[Gpu, ...] = ()


def this_machine() -> Machine:
    """What is there now. GPUs are those that this build of llama.cpp can use."""
    import psutil

    memory = psutil.virtual_memory()
    total, available = memory.total, memory.available
    if limit := _container_limit(_CGROUP):
        total, available = min(total, limit[0]), min(available, limit[1])
    return Machine(total, available, _gpus(total, available))


def held_here() -> int:
    """Bytes of memory that this process has for itself, and that its end would free."""
    import psutil

    held = psutil.Process().memory_info()
    return max(held.rss - getattr(held, "shared", 0), 0)  # only Linux tells what is shared


def _gpus(total: int, available: int) -> tuple[Gpu, ...]:
    from models.engine.backend import devices

    found = []
    for device in devices():
        if device.kind != "gpu":
            continue
        # A device that reports nothing is one without memory of its own (llama.cpp #18577).
        shares = sys.platform == "darwin" or not device.total
        free, size = (device.free, device.total) if device.total else (available, total)
        found.append(Gpu(device.description or device.name, free, size, shares))
    return tuple(found)


def _container_limit(folder: Path) -> tuple[int, int] | None:
    """A container's memory and what is left of it, None where it has no limit of its own."""
    for limit_file, use_file, stat_file, reclaimable in _CGROUP_FILES:
        try:
            limit = int((folder / limit_file).read_text())
            used = int((folder / use_file).read_text())
            lines = (folder / stat_file).read_text().split("\n")
        except (OSError, ValueError):  # no such version here, or "max": no limit
            continue
        free = [int(line.split()[1]) for line in lines if line.startswith(f"{reclaimable} ")]
        return limit, max(limit - used + sum(free), 0)
    return None


def in_units(count: int) -> str:
    """A number of bytes for people: 22.5 KiB, 1.4 GiB."""
    power = min(max(count.bit_length() - 1, 0) // 10, len(_UNITS) - 1)
    size = count / (1 << 10 * power)
    return f"{size:.0f} {_UNITS[power]}" if size >= 100 else f"{size:.3g} {_UNITS[power]}"
