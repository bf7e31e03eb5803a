import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models import tuning as module
from models.errors import ModelError
from models.tuning import Tuning, cores, machine, record, recorded_weights, tuned

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def model(folder: Path) -> Path:
    path = folder / "model.gguf"
    path.write_bytes(b"GGUF of the model")
    return path


@pytest.fixture
def tuning(folder: Path, setting: Callable[..., None]) -> Tuning:
    setting(CACHE=folder / "cache")
    copy = folder / "copy.gguf"
    copy.write_bytes(b"GGUF of the copy")
    return Tuning(copy, "BF16", 2, True, 128, 700.5, 70.0, 2.05, 4.1, 3.21, 3.2, 0.05)


def change(path: Path, change: Callable[[Any], None]) -> None:
    """Edit the record's JSON."""
    entries = json.loads(path.read_text("utf-8"))
    change(entries)
    path.write_text(json.dumps(entries), "utf-8")


def test_what_is_recorded_is_found_again(model: Path, tuning: Tuning) -> None:
    assert tuned(model) is None
    record(model, tuning)
    assert tuned(model) == tuning


def test_the_model_may_be_named_by_another_path(
    model: Path, tuning: Tuning, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(Path(model.name), tuning)
    link = model.with_name("link.gguf")
    link.symlink_to(model)
    assert tuned(link) == tuning


def test_the_models_own_file_may_be_the_best(model: Path, tuning: Tuning) -> None:
    own = replace(tuning, weights=model)
    record(model, own)
    assert tuned(model) == own


def test_a_new_tuning_takes_the_place_of_the_old_one(model: Path, tuning: Tuning) -> None:
    record(model, tuning)
    model.write_bytes(b"GGUF of a newer model")
    newer = replace(tuning, threads=1)
    record(model, newer)
    assert tuned(model) == newer
    assert len(json.loads((model.parent / "cache" / "tuning.json").read_text())) == 1


def test_each_model_has_its_own(model: Path, tuning: Tuning) -> None:
    other = model.with_name("other.gguf")
    other.write_bytes(b"GGUF")
    record(model, tuning)
    record(other, replace(tuning, weights=other))
    assert tuned(model) == tuning
    assert recorded_weights() == {tuning.weights, other}


def test_a_changed_model_is_untuned(model: Path, tuning: Tuning) -> None:
    record(model, tuning)
    model.write_bytes(b"GGUF of the modeL")
    os.utime(model, (1, 1))
    assert tuned(model) is None


@pytest.mark.parametrize("name", ["machine", "build"])
def test_another_machine_or_build_is_untuned_and_keeps_its_own(
    model: Path, tuning: Tuning, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    record(model, tuning)
    with monkeypatch.context() as patch:
        patch.setattr(module, name, lambda: "another")
        assert tuned(model) is None
    assert tuned(model) == tuning


def test_two_machines_share_a_cache(
    model: Path, tuning: Tuning, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(model, tuning)
    theirs = replace(tuning, threads=16)
    with monkeypatch.context() as patch:
        patch.setattr(module, "machine", lambda: "another")
        record(model, theirs)
        assert tuned(model) == theirs
    assert tuned(model) == tuning


@pytest.mark.parametrize("fate", ["gone", "cut off", "written anew"])
def test_weights_that_vanished_or_changed_are_not_used(
    model: Path, tuning: Tuning, fate: str
) -> None:
    record(model, tuning)
    if fate == "gone":
        tuning.weights.unlink()
    elif fate == "cut off":
        tuning.weights.write_bytes(b"GGUF")
    else:
        os.utime(tuning.weights, (1, 1))
    assert tuned(model) is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"{}", b"[1, null]", b"\xff\xfe", b"[" * 100_000, b'[{"model": 3}]']
)
def test_a_damaged_record_counts_as_none_and_is_replaced(
    model: Path, tuning: Tuning, content: bytes
) -> None:
    file = model.parent / "cache" / "tuning.json"
    file.parent.mkdir()
    file.write_bytes(content)
    assert tuned(model) is None
    assert recorded_weights() == set()
    record(model, tuning)
    assert tuned(model) == tuning


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weights", 3),
        ("weights", "a\0b"),
        ("threads", 0),
        ("threads", "many"),
        ("batch", -1),
        ("prefill", None),
        ("loss", float("nan")),
        ("flash_attention", []),
    ],
)
def test_a_record_with_an_impossible_value_is_ignored(
    model: Path, tuning: Tuning, name: str, value: object
) -> None:
    record(model, tuning)

    def spoil(entries: list[dict[str, Any]]) -> None:
        entries[0]["tuning"][name] = value

    change(model.parent / "cache" / "tuning.json", spoil)
    assert tuned(model) is None


def test_one_spoiled_record_does_not_spoil_the_others(model: Path, tuning: Tuning) -> None:
    record(model, tuning)
    change(model.parent / "cache" / "tuning.json", lambda entries: entries.insert(0, ["?"]))
    assert tuned(model) == tuning


def test_a_missing_model_is_untuned(folder: Path, tuning: Tuning) -> None:
    assert tuned(folder / "none.gguf") is None


def test_a_cache_that_cannot_be_written_is_one_line(
    model: Path, tuning: Tuning, setting: Callable[..., None]
) -> None:
    setting(CACHE=model / "inside")
    with pytest.raises(ModelError, match=r"cannot be written: .* Set KVASIR_CACHE to a folder"):
        record(model, tuning)
    assert tuned(model) is None


def test_a_failed_write_leaves_the_old_record_and_no_draft(
    model: Path, tuning: Tuning, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(model, tuning)

    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        with pytest.raises(ModelError, match="No space left on device"):
            record(model, replace(tuning, threads=1))
    assert tuned(model) == tuning
    left = {path.name for path in (model.parent / "cache").iterdir()}
    assert left <= {"tuning.json", "tuning.json.lock"}


RECORD = """
import sys
from pathlib import Path
from models.tuning import Tuning, record
for name in sys.argv[1:]:
    path = Path(name)
    record(path, Tuning(path, "F16", 1, True, 64, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0))
"""


def test_processes_that_record_at_once_lose_nothing(folder: Path, tuning: Tuning) -> None:
    paths = [folder / f"{number}.gguf" for number in range(12)]
    for path in paths:
        path.write_bytes(b"GGUF")
    shares = [paths[:6], paths[6:]]
    processes = [
        subprocess.Popen([sys.executable, "-c", RECORD, *map(str, share)], cwd=ROOT)
        for share in shares
    ]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert all(tuned(path) for path in paths)


def test_looking_a_tuning_up_loads_no_llama_cpp(model: Path) -> None:
    program = "import sys; from pathlib import Path; from models.tuning import tuned\n"
    program += "assert tuned(Path(sys.argv[1])) is None; sys.exit('llama_cpp' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program, str(model)], cwd=ROOT, timeout=60)
    assert done.returncode == 0


def test_the_machine_is_named_with_its_processors() -> None:
    assert machine().endswith(f" × {cores()}")
    assert len(machine()) > len(f" × {cores()}")
