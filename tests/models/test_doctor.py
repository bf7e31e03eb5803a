import os
import sys
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from models import doctor_files, doctor_running, rehearsal
from models.bundled import BUNDLED_ADAPTER, CHAT_MODEL, EMBEDDER, bundled_chat_model
from models.doctor import Finding, examine
from models.errors import ModelError
from models.hardware import Hardware
from models.machine import Gpu, Machine
from models.settings import get_settings
from models.tuning import Tuning, cores, record

GIB = 2**30
TUNING = Tuning(bundled_chat_model(), "Q4_1", 1, True, 128, 300.0, 60.0, 3.73, 4.5, 3.2, 3.2, 0.0)


@pytest.fixture(autouse=True)
def quiet(folder: Path, setting: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """No GPU, an empty cache and library, a model that need not be loaded, no container."""
    setting(CACHE=folder / "cache", LIBRARY=folder / "library")
    monkeypatch.setattr(doctor_running, "visible_gpus", lambda: [])
    monkeypatch.setattr(doctor_running, "_CPU_MAX", folder / "none")
    monkeypatch.setattr(rehearsal, "in_child", lambda work, request, timeout: 0.5)


def about(topic: str) -> Finding:
    [found] = [finding for finding in examine() if finding.topic == topic]
    return found


def machine(monkeypatch: pytest.MonkeyPatch, available: int, *gpus: Gpu) -> None:
    there = Machine(available, available, gpus)
    monkeypatch.setattr(doctor_running, "this_machine", lambda: there)


def backend(monkeypatch: pytest.MonkeyPatch, offloads: bool) -> None:
    monkeypatch.setattr("models.engine.backend.can_offload", lambda: offloads)


# ---- as a whole


def test_a_fresh_installation_has_nothing_wrong_with_it(folder: Path) -> None:
    findings = examine()
    topics = [finding.topic for finding in findings]
    assert len(topics) == len(set(topics))
    wanted = {"llama.cpp", "settings", "chat model", "memory", "threads", "embedder"}
    assert wanted <= {finding.topic for finding in findings if finding.ok}
    assert not [finding for finding in findings if finding.ok is False and finding.topic != "GPU"]
    assert all("\n" not in finding.fact + finding.remedy for finding in findings)
    assert list(folder.iterdir()) == []  # nothing was made


def test_the_bundled_model_is_loaded_for_real(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from models.child import in_child

    monkeypatch.setattr(rehearsal, "in_child", in_child)
    found = about("chat model")
    assert found.ok
    assert found.fact.startswith(f"{CHAT_MODEL}: ")
    assert "loads in" in found.fact


def test_where_the_model_is_known_to_load_it_is_not_loaded_once_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rehearsal, "in_child", lambda work, request, timeout: pytest.fail("loaded"))
    assert "chat model" not in {finding.topic for finding in examine(loading=False)}


def test_settings_that_cannot_be_used_are_a_finding(setting: Callable[..., None]) -> None:
    setting(CONTEXT="much")
    found = about("settings")
    assert found.ok is False
    assert "KVASIR_CONTEXT = 'much'" in found.fact
    assert about("llama.cpp").ok


@pytest.mark.parametrize(
    ("name", "value", "topic"),
    [
        ("MODEL", "/nowhere/model.gguf", "chat model"),
        ("MODEL", "nobody:model", "chat model"),
        ("EMBEDDER", "./nowhere", "embedder"),
        ("EMBEDDER", "a//b", "embedder"),
        ("ADAPTER", "nobody", "adapter"),
    ],
)
def test_what_is_missing_is_one_finding_and_the_rest_is_examined(
    setting: Callable[..., None], name: str, value: str, topic: str
) -> None:
    setting(**{name: value})
    findings = examine()
    wrong = [found for found in findings if found.ok is False and found.topic != "GPU"]
    assert {found.topic for found in wrong} <= {topic, "tuning", "threads"}
    assert topic in {found.topic for found in wrong}
    assert "kept" in {found.topic for found in findings}


def test_without_llama_cpp_the_rest_is_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "models.engine.backend", None)
    found = about("llama.cpp")
    assert (found.ok, found.remedy) == (False, "make clean install")
    assert {"chat model", "embedder", "kept"} <= {finding.topic for finding in examine()}


# ---- the GPU


@pytest.mark.parametrize("build", ["cuda", "metal", "vulkan"])
def test_an_idle_gpu_is_named_with_the_command_that_uses_it(
    monkeypatch: pytest.MonkeyPatch, build: str
) -> None:
    backend(monkeypatch, offloads=False)
    machine(monkeypatch, 40 * GIB)
    gpu = Hardware("A GPU of 24 GiB", build, 24 * GIB, 24 * GIB)
    monkeypatch.setattr(doctor_running, "visible_gpus", lambda: [gpu])
    assert about("GPU") == Finding(
        False,
        "GPU",
        "A GPU of 24 GiB is idle: this build of llama.cpp cannot use it, and 31 of 31 layers "
        "would go there",
        f"make chat GPU={build}",
    )


def test_of_a_small_gpu_the_layers_that_fit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    backend(monkeypatch, offloads=False)
    machine(monkeypatch, 40 * GIB)
    gpu = Hardware("A small GPU", "cuda", 650 * 2**20, 2 * GIB)
    monkeypatch.setattr(doctor_running, "visible_gpus", lambda: [gpu])
    counted = about("GPU").fact.partition("cannot use it, and ")[2]
    assert 0 < int(counted.split()[0]) < 31


def test_a_gpu_whose_memory_is_unknown_has_its_command_all_the_same(
    monkeypatch: pytest.MonkeyPatch, setting: Callable[..., None]
) -> None:
    backend(monkeypatch, offloads=False)
    gpu = Hardware("an AMD GPU", "vulkan")
    monkeypatch.setattr(doctor_running, "visible_gpus", lambda: [gpu])
    found = about("GPU")
    assert found.fact == "an AMD GPU is idle: this build of llama.cpp cannot use it"
    assert found.remedy == "make chat GPU=vulkan"
    setting(MODEL="/nowhere/model.gguf")
    assert about("GPU") == found


def test_a_gpu_in_use_is_well_and_one_kept_idle_is_not(
    monkeypatch: pytest.MonkeyPatch, setting: Callable[..., None]
) -> None:
    backend(monkeypatch, offloads=True)
    machine(monkeypatch, 40 * GIB, Gpu("A GPU", 24 * GIB, 24 * GIB))
    monkeypatch.setattr("models.offload.this_machine", lambda: Machine(GIB, GIB))
    assert about("GPU") == Finding(True, "GPU", "A GPU with 24 GiB free: 31 of 31 layers go there")
    setting(GPU_LAYERS=4)
    assert about("GPU").fact.endswith(": 4 of 31 layers go there")
    setting(GPU_LAYERS=0)
    assert about("GPU").remedy == "Unset KVASIR_GPU_LAYERS"


@pytest.mark.parametrize(
    ("seen", "remedy"),
    [
        ([], "Check the driver, or: make chat GPU=none"),
        ([Hardware("A GPU", "cuda")], "make chat GPU=cuda"),
    ],
)
def test_a_build_for_a_gpu_that_finds_none_is_wrong(
    monkeypatch: pytest.MonkeyPatch, seen: list[Hardware], remedy: str
) -> None:
    backend(monkeypatch, offloads=True)
    machine(monkeypatch, 40 * GIB)
    monkeypatch.setattr(doctor_running, "visible_gpus", lambda: seen)
    found = about("GPU")
    assert (found.ok, found.remedy) == (False, remedy)


# ---- the chat model


def test_a_model_that_crashes_when_loaded_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(work: object, request: object, timeout: float) -> None:
        raise ModelError("its process crashed with SIGSEGV")

    monkeypatch.setattr(rehearsal, "in_child", crash)
    found = about("chat model")
    assert found.ok is False
    assert found.fact.endswith("does not load: its process crashed with SIGSEGV")


def test_a_damaged_model_is_a_finding(folder: Path, setting: Callable[..., None]) -> None:
    model = folder / "model.gguf"
    model.write_bytes(bundled_chat_model().read_bytes()[:1000])
    setting(MODEL=model)
    found = about("chat model")
    assert found.ok is False
    assert str(model) in found.fact


def test_a_model_on_the_hub_is_not_fetched(setting: Callable[..., None]) -> None:
    setting(MODEL="nobody/nothing:model.gguf")
    assert about("chat model") == Finding(
        None, "chat model", "nobody/nothing:model.gguf is fetched from the hub at first use"
    )


def test_an_untuned_model_has_the_command_that_tunes_it() -> None:
    found = about("tuning")
    assert (found.ok, found.remedy) == (None, "python models tune")


def test_a_tuned_model_is_well_unless_the_machine_was_busy() -> None:
    record(bundled_chat_model(), TUNING)
    found = about("tuning")
    assert (found.ok, found.remedy) == (True, "")
    assert "3.7 s for a question, 4.5 s untuned" in found.fact
    record(bundled_chat_model(), replace(TUNING, busy=0.9))
    found = about("tuning")
    assert (found.ok, found.remedy) == (None, "python models tune, when the machine is idle")


def test_too_little_memory_has_the_context_that_fits(
    monkeypatch: pytest.MonkeyPatch, setting: Callable[..., None]
) -> None:
    setting(CONTEXT=8192)
    machine(monkeypatch, 800 * 2**20)
    found = about("memory")
    assert (found.ok, found.remedy) == (False, "Set KVASIR_CONTEXT=2048")
    setting(CONTEXT=2048)
    assert about("memory").ok
    machine(monkeypatch, 2**20)
    assert about("memory").remedy == "Use a smaller quantization"


def test_more_threads_than_processors_are_wrong(setting: Callable[..., None]) -> None:
    setting(THREADS=cores())
    assert about("threads").ok
    setting(THREADS=cores() + 1)
    found = about("threads")
    assert (found.ok, found.remedy) == (False, "Set KVASIR_THREADS=0")


def test_more_threads_than_a_container_may_run_are_wrong(
    folder: Path, setting: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    setting(THREADS=0)
    monkeypatch.setattr(doctor_running, "cores", lambda: 64)
    limit = folder / "cpu.max"
    monkeypatch.setattr(doctor_running, "_CPU_MAX", limit)
    for content, remedy in (
        ("250000 100000\n", "Set KVASIR_THREADS=2"),
        ("50000 100000\n", "Set KVASIR_THREADS=1"),
        ("6400000 100000\n", ""),
        ("max 100000\n", ""),
        ("nonsense", ""),
    ):
        limit.write_text(content)
        assert about("threads").remedy == remedy


# ---- files


def test_an_embedder_is_bundled_a_folder_or_fetched_later(
    folder: Path, setting: Callable[..., None]
) -> None:
    assert about("embedder").fact.startswith(f"{EMBEDDER}: bundled")
    mine = folder / "mine"
    mine.mkdir()
    setting(EMBEDDER=mine)
    assert about("embedder").ok is False
    (mine / "modules.json").touch()
    assert about("embedder").ok
    setting(EMBEDDER="nobody/nothing")
    assert about("embedder").ok is None


def test_an_adapter_that_is_there_is_named(folder: Path, setting: Callable[..., None]) -> None:
    assert about("adapter").fact.startswith(BUNDLED_ADAPTER)
    setting(ADAPTER="none")
    assert "adapter" not in {finding.topic for finding in examine()}
    (folder / "mine.gguf").touch()
    setting(ADAPTER=folder / "mine.gguf")
    assert about("adapter").ok


@pytest.mark.parametrize("name", ["cache", "library"])
def test_a_full_disk_and_a_folder_that_cannot_be_written_are_wrong(
    folder: Path,
    setting: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    assert about(f"{name} folder").ok
    (folder / "file").touch()
    setting(**{name.upper(): folder / "file" / "inside"})
    found = about(f"{name} folder")
    assert (found.ok, found.remedy) == (False, f"Set KVASIR_{name.upper()} to a folder")
    setting(**{name.upper(): folder / name})
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(doctor_files.shutil, "disk_usage", lambda path: usage(0, 0, GIB - 1))
    found = about(f"{name} folder")
    assert found.ok is False
    assert found.remedy.startswith("Make room")


def test_what_is_kept_is_counted(folder: Path) -> None:
    assert about("kept").fact == "nothing yet"
    for place, size in (
        ("cache/quantized/a.gguf", 1000),
        ("cache/tuned/b.gguf", 2000),
        (f"cache/{EMBEDDER}-1-2/model.safetensors", 3000),
        ("library/kv/0/1.blob", 4000),
        ("library/library.db", 5000),
    ):
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
    os.symlink("nowhere", folder / "cache" / "tuned" / "link")  # counts with its own 7 bytes
    fact = about("kept").fact
    for size in ("1000 bytes", "1.96 KiB", "2.93 KiB", "3.91 KiB"):
        assert size in fact
    assert get_settings().cache == folder / "cache"
