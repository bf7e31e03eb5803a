import os
import resource
import shutil
import signal
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import llama_cpp
import pytest

from models import quantize as module
from models.bundled import bundled_chat_model
from models.card import read_card
from models.errors import ModelError
from models.quantize import KINDS, quantize, quantized_size

ROOT = Path(__file__).resolve().parents[2]


def ignore(done: int, total: int) -> None:
    """Progress that nobody watches."""


@pytest.fixture
def source() -> Path:
    return bundled_chat_model()


def test_the_kinds_are_llama_cpps() -> None:
    for kind, number in KINDS.items():
        prefix = "LLAMA_FTYPE_ALL_" if kind == "F32" else "LLAMA_FTYPE_MOSTLY_"
        assert number == getattr(llama_cpp, prefix + kind)


@pytest.mark.parametrize(("kind", "stored"), [("Q8_0", "Q8_0"), ("q4_0", "Q4_0")])
def test_the_file_holds_the_same_model_in_the_kind_asked_for(
    source: Path, folder: Path, kind: str, stored: str
) -> None:
    target = folder / "new" / "model.gguf"
    seen: list[tuple[int, int]] = []
    quantize(source, target, kind, lambda done, total: seen.append((done, total)))
    old, new = read_card(source), read_card(target)
    assert new.file_type == stored
    assert (new.parameters, new.layers, new.vocabulary) == (
        old.parameters,
        old.layers,
        old.vocabulary,
    )
    assert [path.name for path in target.parent.iterdir()] == ["model.gguf"]
    assert seen == [(done, len(seen) - 1) for done in range(len(seen))]
    weights = sum(share.bytes for share in new.quantizations)
    assert weights == pytest.approx(quantized_size(source, kind), abs=2**20 / 100)


def test_an_unknown_kind_is_refused_with_all_that_there_are(source: Path, folder: Path) -> None:
    with pytest.raises(ModelError, match="there is no quantization Q9_Z") as caught:
        quantize(source, folder / "new.gguf", "Q9_Z", ignore)
    assert all(kind in str(caught.value) for kind in KINDS)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("way", ["itself", "symlink", "hard link"])
def test_a_file_is_not_quantized_into_itself(source: Path, folder: Path, way: str) -> None:
    model = folder / "model.gguf"
    shutil.copyfile(source, model)
    target = {"itself": model, "symlink": folder / "link", "hard link": folder / "link"}[way]
    if way == "symlink":
        target.symlink_to(model)
    elif way == "hard link":
        target.hardlink_to(model)
    with pytest.raises(ModelError, match="is the file to be quantized"):
        quantize(model, target, "Q8_0", ignore)
    assert model.stat().st_size == source.stat().st_size


@pytest.mark.parametrize("content", [b"", b"text", b"GGUF" + bytes(50)])
def test_what_is_no_model_is_refused(folder: Path, content: bytes) -> None:
    model = folder / "model.gguf"
    model.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        quantize(model, folder / "new.gguf", "Q8_0", ignore)
    assert str(model) in str(caught.value)
    assert list(folder.iterdir()) == [model]


def test_a_folder_is_no_target(source: Path, folder: Path) -> None:
    with pytest.raises(ModelError, match="is a folder: name a file"):
        quantize(source, folder, "Q8_0", ignore)


def test_a_folder_that_cannot_be_made_is_one_line(source: Path, folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(ModelError, match="cannot be written: ") as caught:
        quantize(source, folder / "file" / "new.gguf", "Q8_0", ignore)
    assert "\n" not in str(caught.value)


def test_a_disk_without_room_is_refused_beforehand_with_both_sizes(
    source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, 5 * 2**20))
    with pytest.raises(ModelError, match=r"new\.gguf needs 136.* and .* has 5.* free"):
        quantize(source, folder / "new.gguf", "Q8_0", ignore)
    assert list(folder.iterdir()) == []


def test_a_disk_that_fills_up_midway_leaves_the_old_file_and_no_draft(
    source: Path, folder: Path
) -> None:
    target = folder / "new.gguf"
    target.write_bytes(b"the old one")
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20 * 2**20, old[1]))
    try:
        with pytest.raises(ModelError, match="the disk may be full"):
            quantize(source, target, "Q8_0", ignore)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert target.read_bytes() == b"the old one"
    assert list(folder.iterdir()) == [target]


def test_a_file_that_llama_cpp_left_unfinished_is_noticed(
    source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(_work: object, request: dict[str, str], _note: object) -> None:
        Path(request["target"]).write_bytes(source.read_bytes()[:-1])

    monkeypatch.setattr(module, "quantized_size", lambda source, kind: 0)
    monkeypatch.setattr(module, "in_child", cut_off)
    with pytest.raises(ModelError, match="cannot be written: No space left"):
        quantize(source, folder / "new.gguf", "Q8_0", ignore)
    assert list(folder.iterdir()) == []


def test_an_interruption_leaves_the_old_file_and_no_draft(source: Path, folder: Path) -> None:
    target = folder / "new.gguf"
    target.write_bytes(b"the old one")
    drafts: list[list[str]] = []

    def interrupt(done: int, total: int) -> None:
        drafts.append(os.listdir(folder))
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        quantize(source, target, "Q8_0", interrupt)
    assert all(len(names) == 2 for names in drafts)
    assert target.read_bytes() == b"the old one"
    assert list(folder.iterdir()) == [target]


KILLED = """
import sys, time
from pathlib import Path
from models.quantize import quantize
def wait(done, total):
    if done == 5:
        print("at work", flush=True)
        time.sleep(60)
quantize(Path(sys.argv[1]), Path(sys.argv[2]), "Q8_0", wait)
"""


def test_a_killed_process_leaves_no_file_of_that_name_and_its_draft_goes_an_hour_later(
    source: Path, folder: Path
) -> None:
    target = folder / "new.gguf"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(source), str(target)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "at work\n"
        process.send_signal(signal.SIGKILL)
    [draft] = folder.iterdir()
    assert not draft.name.endswith(".gguf")
    quantize(source, target, "Q4_0", ignore)
    assert draft.exists()  # it might be another process's, at work
    os.utime(draft, (0, 0))
    quantize(source, target, "Q4_0", ignore)
    assert list(folder.iterdir()) == [target]
