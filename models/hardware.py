"""The GPUs of this machine, whether or not the installed build of llama.cpp can use them.

What the system's own tools and files say is read; whatever is absent or broken says nothing.
"""

import csv
import io
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc/driver/nvidia/gpus")
_DRM = Path("/sys/class/drm")
_TIMEOUT_S = 10.0
# PCI vendors of GPUs that Vulkan's drivers know; virtual machines' screens are not among them.
_VENDORS = {"0x1002": "an AMD GPU", "0x8086": "an Intel GPU", "0x10de": "an NVIDIA GPU"}
_MIB = 1 << 20


@dataclass(frozen=True)
class Hardware:
    """A GPU, the GPU= that builds for it, and its memory in bytes; 0 where that is not known."""

    name: str
    build: str
    free: int = 0
    total: int = 0


def visible_gpus() -> list[Hardware]:
    """What can be seen from here; those of one maker's own interface hide the general one's."""
    return _apple() or _nvidia_smi() or _nvidia_driver() or _vulkan() or _render_nodes()


def _apple() -> list[Hardware]:
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return [Hardware("Apple's GPU", "metal")]
    return []


def _nvidia_smi() -> list[Hardware]:
    query = "--query-gpu=name,memory.free,memory.total"
    found = []
    for row in csv.reader(
        io.StringIO(_output("nvidia-smi", query, "--format=csv,noheader,nounits"))
    ):
        if len(row) != 3:
            continue
        name, free, total = (cell.strip() for cell in row)
        known = free.isdecimal() and total.isdecimal()  # "[N/A]" where memory is shared
        sizes = (int(free) * _MIB, int(total) * _MIB) if known else (0, 0)
        found.append(Hardware(name, "cuda", *sizes))
    return found


def _nvidia_driver() -> list[Hardware]:
    found = []
    for path in sorted(_PROC.glob("*/information")):
        lines = _text(path).splitlines()
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("Model:")]
        found += [Hardware(model, "cuda") for model in models]
    return found


def _vulkan() -> list[Hardware]:
    """Vulkan's devices without those that the processor only plays."""
    found, kind = [], ""
    for line in _output("vulkaninfo", "--summary").splitlines():
        key, _, value = (part.strip() for part in line.partition("="))
        if key == "deviceType":
            kind = value
        elif key == "deviceName" and kind.endswith(("DISCRETE_GPU", "INTEGRATED_GPU")):
            found.append(Hardware(value, "vulkan"))
    return found


def _render_nodes() -> list[Hardware]:
    vendors = (_text(path).strip() for path in sorted(_DRM.glob("renderD*/device/vendor")))
    return [Hardware(_VENDORS[vendor], "vulkan") for vendor in vendors if vendor in _VENDORS]


def _output(*command: str) -> str:
    """What a program prints, "" if there is none or it fails."""
    program = shutil.which(command[0])
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, *command[1:]],
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_S,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
