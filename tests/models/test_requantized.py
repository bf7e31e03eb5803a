import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from models import requantized
from models.bundled import bundled_chat_model
from models.gguf_header import read_header
from models.requantized import copy_of, folder, remove_unused
from models.tuning import Tuning, record


@pytest.fixture
def source(tmp_path: Path, setting: Callable[..., None]) -> Path:
    setting(CACHE=tmp_path / "cache")
    return bundled_chat_model()


def ignore(done: int, total: int) -> None:
    """Progress that nobody watches."""


def names() -> list[str]:
    return sorted(path.name for path in folder().iterdir())


def test_a_copy_is_made_once_and_made_again_if_it_is_damaged(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    real = requantized.quantize

    def count(source: Path, target: Path, kind: str, on_progress: object) -> None:
        made.append(kind)
        real(source, target, kind, ignore)

    monkeypatch.setattr(requantized, "quantize", count)
    copy = copy_of(source, "Q4_0", ignore)
    assert copy_of(source, "Q4_0", ignore) == copy
    assert made == ["Q4_0"]
    whole = copy.stat().st_size
    os.truncate(copy, whole - 1)
    assert copy_of(source, "Q4_0", ignore) == copy
    assert copy.stat().st_size == whole
    assert made == ["Q4_0", "Q4_0"]
    assert len(read_header(copy).tensors) == len(read_header(source).tensors)


def test_copies_that_no_tuning_names_go_and_others_files_stay(source: Path) -> None:
    remove_unused(source)  # there is no folder yet
    key = requantized._key(source)
    used, unused = (folder() / f"model-{key}-{kind}.gguf" for kind in ("F16", "Q8_0"))
    other = folder() / "model-0123456789ab-Q4_0.gguf"
    mine = folder() / "mine.gguf"
    folder().mkdir(parents=True)
    for path in (used, unused, other, mine):
        path.write_bytes(b"GGUF")
    tuning = Tuning(used, "F16", 1, True, 64, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0)
    record(source, tuning)
    remove_unused(source)
    assert names() == sorted([used.name, other.name, mine.name])
    for path in (other, mine):
        os.utime(path, (0, 0))
    remove_unused(source)
    assert names() == sorted([used.name, mine.name])
    record(source, replace(tuning, weights=source))
    remove_unused(source)
    assert names() == [mine.name]


def test_a_changed_model_has_other_copies(source: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(b"GGUF one")
    first = requantized._key(model)
    assert requantized._key(model) == first
    model.write_bytes(b"GGUF two!")
    assert requantized._key(model) != first
