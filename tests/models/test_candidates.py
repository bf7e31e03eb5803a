from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from models import candidates
from models.bundled import bundled_chat_model
from models.candidates import batches, check_room, flash_choices, kinds, thread_counts, untuned
from models.card import Card, read_card
from models.engine import backend
from models.engine.context import Placement
from models.errors import ModelError
from models.machine import Gpu, Machine

GIB = 2**30


@pytest.fixture
def card() -> Card:
    return read_card(bundled_chat_model())


def room(monkeypatch: pytest.MonkeyPatch, memory: int, disk: int) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(candidates, "this_machine", lambda: Machine(memory, memory))
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(0, 0, disk))


def test_the_files_own_kind_is_not_tried_again(card: Card) -> None:
    assert "Q4_1" not in kinds(card)
    assert "Q8_0" in kinds(card)
    assert "Q8_0" not in kinds(replace(card, file_type="Q8_0"))


@pytest.mark.parametrize("flag", ["0", "1"])
def test_bf16_is_tried_where_the_processor_computes_with_it(
    card: Card, monkeypatch: pytest.MonkeyPatch, flag: str
) -> None:
    monkeypatch.setattr(backend, "system_info", lambda: f"CPU : AVX2 = 1 | AVX512_BF16 = {flag}")
    assert ("BF16" in kinds(card)) == (flag == "1")


def test_untuned_is_how_the_engine_runs_by_itself(
    card: Card, setting: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    setting(THREADS=0, GPU_LAYERS=0)
    monkeypatch.setattr(candidates, "cores", lambda: 6)
    run = untuned(card.path, card)
    assert (run.kind, run.threads, run.batch) == ("Q4_1", 6, Placement.batch)
    assert (run.gpu_layers, run.flash_attention, run.kv_type) == (0, None, "f16")


def test_as_many_layers_as_fit_go_to_the_gpu(
    card: Card, setting: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus = (Gpu("a GPU", 80 * GIB, 80 * GIB),)
    monkeypatch.setattr("models.offload.this_machine", lambda: Machine(GIB, GIB, gpus))
    assert untuned(card.path, card).gpu_layers == card.layers + 1
    setting(GPU_LAYERS=3)
    assert untuned(card.path, card).gpu_layers == 3


def test_a_copy_needs_memory_and_disk_and_some_of_both_to_spare(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    room(monkeypatch, memory=2 * GIB, disk=2 * GIB)
    check_room(card, GIB)
    for memory, disk, what in ((GIB, 2 * GIB, "memory"), (2 * GIB, GIB, "disk")):
        room(monkeypatch, memory, disk)
        with pytest.raises(ModelError, match=f"needs 1 GiB of {what}, .* and 1 GiB are free"):
            check_room(card, GIB)


def test_of_a_large_model_only_smaller_copies_are_tried(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    room(monkeypatch, memory=100 * GIB, disk=100 * GIB)
    large = replace(card, size=4 * GIB)
    check_room(large, 3 * GIB)
    with pytest.raises(ModelError, match="left out: it would have 5 GiB"):
        check_room(large, 5 * GIB)


@pytest.mark.parametrize(
    ("processors", "physical", "counts"),
    [(1, 1, [1]), (2, 2, [1, 2]), (4, 2, [1, 2, 4]), (16, 10, [1, 8, 10, 16]), (2, 8, [1, 2])],
)
def test_threads_are_one_half_the_physical_cores_and_all(
    setting: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    processors: int,
    physical: int,
    counts: list[int],
) -> None:
    setting(THREADS=0)
    monkeypatch.setattr(candidates, "cores", lambda: processors)
    monkeypatch.setattr("psutil.cpu_count", lambda logical: physical)
    assert thread_counts() == counts


def test_where_physical_cores_are_unknown_processors_count(
    setting: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    setting(THREADS=0)
    monkeypatch.setattr(candidates, "cores", lambda: 8)
    monkeypatch.setattr("psutil.cpu_count", lambda logical: None)
    assert thread_counts() == [1, 4, 8]


def test_what_a_setting_fixes_is_the_only_choice(setting: Callable[..., None]) -> None:
    setting(THREADS=3, BATCH=96, FLASH_ATTENTION="off")
    assert (thread_counts(), batches(1024), flash_choices()) == ([3], [96], [False])


def test_batches_are_no_longer_than_the_prompt(folder: Path) -> None:
    assert batches(1024) == [64, 128, 256, 512]
    assert batches(128) == [64, 128]
