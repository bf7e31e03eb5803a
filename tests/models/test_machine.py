from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import machine
from models.engine import backend
from models.engine.backend import Device
from models.machine import Gpu, in_units, this_machine

GIB = 1 << 30


def container(folder: Path, limit: str, used: int, reclaimable: int) -> Path:
    """What cgroup version 2 shows inside a container."""
    (folder / "memory.max").write_text(limit + "\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {reclaimable}\nactive_file 7\n")
    return folder


def test_there_is_memory_here_and_no_more_available_than_there_is() -> None:
    here = this_machine()
    assert 0 < here.available <= here.total


def test_a_containers_limit_is_the_machine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_CGROUP", container(folder, "1000000", 300_000, 100_000))
    here = this_machine()
    assert (here.total, here.available) == (1_000_000, 800_000)


def test_a_container_without_a_limit_has_the_whole_machine(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = this_machine().total
    monkeypatch.setattr(machine, "_CGROUP", container(folder, "max", 300_000, 100_000))
    assert this_machine().total == whole


def test_the_older_cgroups_limit_counts_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "memory").mkdir()
    (folder / "memory" / "memory.limit_in_bytes").write_text("1000000\n")
    (folder / "memory" / "memory.usage_in_bytes").write_text("1200000\n")
    (folder / "memory" / "memory.stat").write_text("inactive_file 1\ntotal_inactive_file 50000\n")
    monkeypatch.setattr(machine, "_CGROUP", folder)
    here = this_machine()
    assert (here.total, here.available) == (1_000_000, 0)


def test_gpus_are_those_that_llama_cpp_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        Device("CPU", "a processor", "cpu", GIB, GIB),
        Device("CUDA0", "a card", "gpu", 3 * GIB, 4 * GIB),
        Device("CUDA1", "", "gpu", 0, 4 * GIB),
    ]
    monkeypatch.setattr(backend, "devices", lambda: found)
    monkeypatch.setattr(machine.sys, "platform", "linux")
    gpus = this_machine().gpus
    assert gpus == (Gpu("a card", 3 * GIB, 4 * GIB), Gpu("CUDA1", 0, 4 * GIB))


def test_a_gpu_without_memory_of_its_own_takes_the_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "devices", lambda: [Device("iGPU", "", "gpu", 0, 0)])
    here = this_machine()
    assert here.gpus == (Gpu("iGPU", here.available, here.total, shares_host=True),)


def test_apples_gpus_share_the_hosts_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "devices", lambda: [Device("MTL0", "M4", "gpu", GIB, GIB)])
    monkeypatch.setattr(machine.sys, "platform", "darwin")
    assert this_machine().gpus == (Gpu("M4", GIB, GIB, shares_host=True),)


@given(st.integers(0, 1 << 60))
def test_units_say_the_size_to_three_digits(count: int) -> None:
    number, unit = in_units(count).split()
    powers = {"bytes": 0, "KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40}
    assert float(number) * (1 << powers[unit]) == pytest.approx(count, rel=0.005)


def test_sizes_read_well() -> None:
    assert [in_units(size) for size in (0, 23040, 98362432, 1 << 30, 1023 << 10)] == [
        "0 bytes",
        "22.5 KiB",
        "93.8 MiB",
        "1 GiB",
        "1023 KiB",
    ]
