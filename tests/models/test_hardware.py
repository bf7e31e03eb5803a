from collections.abc import Callable
from pathlib import Path

import pytest

from models import hardware
from models.hardware import Hardware, visible_gpus

MIB = 2**20
VULKAN = """
GPU0:
	deviceType         = PHYSICAL_DEVICE_TYPE_DISCRETE_GPU
	deviceName         = AMD Radeon RX 7800 XT
GPU1:
	deviceType         = PHYSICAL_DEVICE_TYPE_CPU
	deviceName         = llvmpipe (LLVM 19.1.7, 256 bits)
"""


@pytest.fixture(autouse=True)
def bare(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Linux machine without a GPU, and without the programs that would know of one."""
    monkeypatch.setenv("PATH", str(folder / "bin"))
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(hardware, "_PROC", folder / "proc")
    monkeypatch.setattr(hardware, "_DRM", folder / "drm")
    (folder / "bin").mkdir()
    return folder


@pytest.fixture
def program(bare: Path) -> Callable[[str, str], None]:
    """Puts a program on the path that prints a text and ends with a command."""

    def make(name: str, prints: str, then: str = "exit 0") -> None:
        path = bare / "bin" / name
        path.write_text(f"#!/bin/sh\n/bin/cat <<'END'\n{prints}\nEND\n{then}\n")
        path.chmod(0o755)

    return make


def test_a_machine_without_any_has_none() -> None:
    assert visible_gpus() == []


def test_nvidia_smi_tells_names_and_memory(program: Callable[..., None]) -> None:
    program("nvidia-smi", "NVIDIA H100 80GB HBM3, 81000, 81559\nNVIDIA A2, 900, 15356")
    assert visible_gpus() == [
        Hardware("NVIDIA H100 80GB HBM3", "cuda", 81000 * MIB, 81559 * MIB),
        Hardware("NVIDIA A2", "cuda", 900 * MIB, 15356 * MIB),
    ]


def test_memory_that_is_not_told_is_unknown(program: Callable[..., None]) -> None:
    program("nvidia-smi", "NVIDIA GB10, [N/A], [N/A]")
    assert visible_gpus() == [Hardware("NVIDIA GB10", "cuda", 0, 0)]


@pytest.mark.parametrize(
    ("prints", "then"),
    [
        ("No devices were found", "exit 0"),
        ("NVIDIA-SMI has failed: Driver/library version mismatch", "exit 9"),
        ("NVIDIA A2, 900, 15356", "kill -9 $$"),
        ("", "exit 0"),
    ],
)
def test_a_broken_nvidia_smi_tells_nothing(
    program: Callable[..., None], prints: str, then: str
) -> None:
    program("nvidia-smi", prints, then)
    assert visible_gpus() == []


def test_a_program_that_hangs_is_not_waited_for(
    program: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "_TIMEOUT_S", 0.3)
    program("nvidia-smi", "NVIDIA A2, 900, 15356", "exec /bin/sleep 30")
    assert visible_gpus() == []


def test_the_driver_tells_where_nvidia_smi_does_not(bare: Path) -> None:
    card = bare / "proc" / "0000:01:00.0"
    card.mkdir(parents=True)
    (card / "information").write_text("Model: \t\t NVIDIA GeForce RTX 4090\nIRQ:   \t\t 16\n")
    assert visible_gpus() == [Hardware("NVIDIA GeForce RTX 4090", "cuda")]


def test_vulkan_tells_of_the_others_but_not_of_the_processor(program: Callable[..., None]) -> None:
    program("vulkaninfo", VULKAN)
    assert visible_gpus() == [Hardware("AMD Radeon RX 7800 XT", "vulkan")]


def test_the_kernel_tells_the_makers_and_a_virtual_screen_is_no_gpu(bare: Path) -> None:
    for number, vendor in enumerate(("0x1af4", "0x1002", "0x8086")):
        device = bare / "drm" / f"renderD{128 + number}" / "device"
        device.mkdir(parents=True)
        (device / "vendor").write_text(f"{vendor}\n")
    assert [found.name for found in visible_gpus()] == ["an AMD GPU", "an Intel GPU"]


@pytest.mark.parametrize(("machine", "count"), [("arm64", 1), ("x86_64", 0)])
def test_apples_own_processors_have_a_gpu(
    monkeypatch: pytest.MonkeyPatch, machine: str, count: int
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert [found.build for found in visible_gpus()] == ["metal"] * count
