from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from models import loaded, offload
from models.bundled import bundled_chat_model
from models.card import read_card
from models.engine.context import Placement
from models.engine.engine import Engine
from models.errors import ModelError
from models.loaded import best_placement, close_engine, loaded_engine, shared_engine, shared_store
from models.machine import Gpu, Machine
from models.tuning import Tuning, record

GIB = 2**30


@pytest.fixture
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process of its own, as far as it goes: what the test loads is closed afterwards."""
    engines: dict[tuple[Path, Placement], Engine] = {}
    monkeypatch.setattr(loaded, "_engines", engines)
    monkeypatch.setattr(loaded, "_chosen", {})
    monkeypatch.setattr(loaded, "_stores", {})
    yield
    for engine in engines.values():
        engine.close()


@pytest.fixture
def tuning(folder: Path, setting: Callable[..., None]) -> Tuning:
    """What a tuning of the bundled model may have found; nothing is recorded yet."""
    setting(CACHE=folder / "cache")
    better = folder / "better.gguf"
    better.write_bytes(b"GGUF")
    return Tuning(
        weights=better,
        kind="Q4_0",
        threads=3,
        flash_attention=False,
        batch=128,
        prefill=400.0,
        decode=40.0,
        seconds=1.0,
        seconds_before=2.0,
        loss=3.0,
        loss_before=3.0,
        busy=0.0,
    )


# ---- engines


def test_one_file_and_placement_have_one_engine(engine: Engine) -> None:
    assert shared_engine(bundled_chat_model()) is engine
    assert shared_engine(bundled_chat_model().parent / "." / bundled_chat_model().name) is engine


def test_a_link_to_a_file_has_the_files_engine(engine: Engine, folder: Path) -> None:
    (folder / "link.gguf").symlink_to(bundled_chat_model())
    assert shared_engine(folder / "link.gguf") is engine


@pytest.mark.usefixtures("nothing_loaded")
def test_another_placement_has_another_engine(engine: Engine, setting: Callable[..., None]) -> None:
    setting(CONTEXT=512)
    other = shared_engine(bundled_chat_model())
    assert other is not engine
    assert other.context_size == 512


@pytest.mark.usefixtures("nothing_loaded")
def test_a_model_that_cannot_be_loaded_is_tried_again_the_next_time(folder: Path) -> None:
    path = folder / "model.gguf"
    path.write_bytes(b"GGUF\x03\0\0\0")
    with pytest.raises(ModelError, match=r"llama\.cpp cannot load"):
        shared_engine(path)
    path.unlink()
    path.symlink_to(bundled_chat_model())
    assert shared_engine(path).context_size == 2048


@pytest.mark.usefixtures("nothing_loaded")
def test_a_model_stays_where_it_is_when_others_are_to_use_another(
    monkeypatch: pytest.MonkeyPatch, setting: Callable[..., None], folder: Path
) -> None:
    setting(CONTEXT=512)
    free = iter([24 * GIB, 0])
    monkeypatch.setattr(loaded, "can_offload", lambda: True)
    monkeypatch.setattr(offload, "this_machine", lambda: machine(next(free, 0)))
    first = shared_engine(bundled_chat_model())
    setting(MODEL=folder / "other.gguf", ADAPTER="other")
    assert shared_engine(bundled_chat_model()) is first


@pytest.mark.usefixtures("nothing_loaded")
def test_a_closed_engine_is_loaded_anew_for_whoever_asks(setting: Callable[..., None]) -> None:
    setting(CONTEXT=512)
    assert loaded_engine(bundled_chat_model()) is None
    first = shared_engine(bundled_chat_model())
    assert loaded_engine(bundled_chat_model()) is first
    close_engine(bundled_chat_model())
    close_engine(bundled_chat_model())
    assert first.closed
    assert loaded_engine(bundled_chat_model()) is None
    second = shared_engine(bundled_chat_model())
    assert second is not first
    assert not second.closed


# ---- what was tuned, and what is set


def test_without_a_tuning_the_settings_and_the_defaults_place_a_model(
    folder: Path, setting: Callable[..., None]
) -> None:
    setting(CACHE=folder / "cache", KV_TYPE="q8_0", CONTEXT=1024)
    weights, placement = best_placement(bundled_chat_model())
    assert weights == bundled_chat_model()
    assert (placement.context, placement.kv_type) == (1024, "q8_0")
    assert (placement.threads, placement.batch) == (1, Placement.batch)
    assert placement.flash_attention is None


def test_what_was_tuned_is_taken(tuning: Tuning, setting: Callable[..., None]) -> None:
    setting(THREADS=0)
    record(bundled_chat_model(), tuning)
    weights, placement = best_placement(bundled_chat_model())
    assert weights == tuning.weights
    assert placement.threads == tuning.threads
    assert placement.batch == tuning.batch
    assert placement.flash_attention is tuning.flash_attention


def test_the_settings_win_over_what_was_tuned(tuning: Tuning, setting: Callable[..., None]) -> None:
    record(bundled_chat_model(), tuning)
    setting(THREADS=2, BATCH=64, FLASH_ATTENTION="true")
    weights, placement = best_placement(bundled_chat_model())
    assert weights == tuning.weights
    assert (placement.threads, placement.batch, placement.flash_attention) == (2, 64, True)


def test_another_models_tuning_is_not_taken(tuning: Tuning, folder: Path) -> None:
    other = folder / "other.gguf"
    other.write_bytes(b"GGUF")
    record(other, tuning)
    assert best_placement(bundled_chat_model())[0] == bundled_chat_model()


def test_a_tuning_whose_file_is_gone_is_not_taken(tuning: Tuning) -> None:
    record(bundled_chat_model(), tuning)
    tuning.weights.unlink()
    assert best_placement(bundled_chat_model())[0] == bundled_chat_model()


@pytest.mark.usefixtures("nothing_loaded")
def test_the_tuned_file_is_the_one_that_is_loaded(
    tuning: Tuning, setting: Callable[..., None], folder: Path
) -> None:
    setting(CONTEXT=512)
    tuning.weights.unlink()
    tuning.weights.hardlink_to(_copy(folder))
    record(bundled_chat_model(), replace(tuning, threads=1))
    engine = shared_engine(bundled_chat_model())
    assert engine.path == tuning.weights
    assert engine.placement.batch == tuning.batch


def _copy(folder: Path) -> Path:
    copy = folder / "copy.gguf"
    copy.write_bytes(bundled_chat_model().read_bytes())
    return copy


# ---- the GPU


def machine(gpu: int) -> Machine:
    return Machine(64 * GIB, 32 * GIB, (Gpu("one", gpu, 24 * GIB),))


def test_a_build_without_offloading_puts_no_layer_on_the_gpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loaded, "can_offload", lambda: False)
    monkeypatch.setattr(offload, "this_machine", lambda: machine(24 * GIB))
    assert best_placement(bundled_chat_model())[1].gpu_layers == 0


@pytest.mark.parametrize("free", [0, 24 * GIB])
def test_where_the_build_offloads_the_plan_says_how_many_layers(
    monkeypatch: pytest.MonkeyPatch, setting: Callable[..., None], free: int
) -> None:
    monkeypatch.setattr(loaded, "can_offload", lambda: True)
    monkeypatch.setattr(offload, "this_machine", lambda: machine(free))
    setting(KV_TYPE="q8_0")
    layers = offload.gpu_layers(read_card(bundled_chat_model()), Placement.batch, None)
    assert (layers > 0) is (free > 0)
    assert best_placement(bundled_chat_model())[1].gpu_layers == layers


def test_layers_that_are_set_are_not_planned(
    monkeypatch: pytest.MonkeyPatch, setting: Callable[..., None]
) -> None:
    monkeypatch.setattr(loaded, "can_offload", lambda: True)
    monkeypatch.setattr(offload, "this_machine", lambda: machine(24 * GIB))
    for layers in (0, 7):
        setting(GPU_LAYERS=layers)
        assert best_placement(bundled_chat_model())[1].gpu_layers == layers


@pytest.mark.usefixtures("nothing_loaded")
def test_a_model_that_fills_the_gpu_is_not_loaded_a_second_time(
    monkeypatch: pytest.MonkeyPatch, setting: Callable[..., None]
) -> None:
    setting(CONTEXT=512)
    free = iter([24 * GIB, 0])
    monkeypatch.setattr(loaded, "can_offload", lambda: True)
    monkeypatch.setattr(offload, "this_machine", lambda: machine(next(free, 0)))
    first = shared_engine(bundled_chat_model())
    assert first.placement.gpu_layers > 0
    assert shared_engine(bundled_chat_model()) is first


# ---- stores


@pytest.mark.usefixtures("nothing_loaded")
def test_one_folder_has_one_store(folder: Path, setting: Callable[..., None]) -> None:
    setting(CACHE=folder / "cache")
    store = shared_store(folder / "kv")
    assert shared_store(folder / "elsewhere" / ".." / "kv") is store
    assert shared_store(Path("kv")) is store
    assert shared_store(folder / "other") is not store
    assert store.folder == folder / "kv"


@pytest.mark.usefixtures("nothing_loaded")
def test_without_a_budget_the_disk_is_left_alone(
    folder: Path, setting: Callable[..., None]
) -> None:
    setting(CACHE=folder / "cache", KV_BUDGET=0)
    assert not shared_store(folder / "kv").size()
    assert list(folder.iterdir()) == []
