import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import tiny_container
from safetensors.numpy import load_file

from models import e5_container
from models.e5_container import read_container, write_folder
from models.embeddings import KvasirEmbeddings
from models.errors import ModelError

ROOT = Path(__file__).resolve().parents[2]
CONVERT = """
import os, signal, sys
from pathlib import Path
from models import e5_container
if sys.argv[3:] == ["die"]:
    e5_container._write_modules = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
container = e5_container.read_container(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
e5_container.write_folder(container, Path(sys.argv[2]))
"""


@pytest.fixture
def source(folder: Path) -> Path:
    path = folder / "tiny.bin"
    path.write_bytes(tiny_container.container())
    return path


def converter(*arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", CONVERT, *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_the_container_is_read_as_it_was_written(source: Path) -> None:
    container = read_container(source)
    assert container.sizes["hidden"] == tiny_container.HIDDEN
    assert container.sizes["positions"] == tiny_container.POSITIONS
    assert [piece for piece, _ in container.vocabulary] == tiny_container.PIECES
    assert [score for _, score in container.vocabulary][:3] == [0, -0.25, -0.5]
    assert container.unknown_id == 3
    expected = tiny_container.tensors()
    assert container.tensors.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(container.tensors[name], values.reshape(-1), err_msg=name)


def test_the_folder_holds_the_weights_under_berts_names(source: Path, folder: Path) -> None:
    write_folder(read_container(source), folder / "made")
    state = load_file(folder / "made" / "model.safetensors")
    expected = tiny_container.tensors()
    for ours, berts in {
        "emb.word": "embeddings.word_embeddings.weight",
        "l0.q.w": "encoder.layer.0.attention.self.query.weight",
        "l0.fi.w": "encoder.layer.0.intermediate.dense.weight",
        "l0.fo.w": "encoder.layer.0.output.dense.weight",
        "l0.oln.b": "encoder.layer.0.output.LayerNorm.bias",
    }.items():
        np.testing.assert_array_equal(state[berts].astype(np.float32), expected[ours], berts)


def test_sentence_transformers_loads_the_folder(source: Path, folder: Path) -> None:
    write_folder(read_container(source), folder / "made")
    tiny = KvasirEmbeddings(str(folder / "made"))
    assert (tiny.dimensions, tiny.max_tokens) == (tiny_container.HIDDEN, tiny_container.POSITIONS)
    (vector,) = tiny.embed_array(["one two 注意"])
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert list(tiny.token_starts("one two")) == [0, 3]


def test_a_damaged_container_is_a_model_error_in_one_line(source: Path) -> None:
    whole = source.read_bytes()
    for length in [*range(4, len(whole), 97), len(whole) - 1]:
        source.write_bytes(whole[:length])
        with pytest.raises(ModelError, match="is damaged") as caught:
            read_container(source)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"E5", b"GGUF and more"])
def test_a_file_of_another_kind_is_named_with_what_it_starts_with(
    source: Path, content: bytes
) -> None:
    source.write_bytes(content)
    with pytest.raises(ModelError, match="is no E5S1 container: it starts with"):
        read_container(source)


def test_a_container_that_cannot_be_read_is_a_model_error(folder: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        read_container(folder / "none.bin")
    with pytest.raises(ModelError, match="cannot be read: Is a directory"):
        read_container(folder)


def test_two_processes_that_convert_at_once_leave_one_whole_folder(
    source: Path, folder: Path
) -> None:
    target = folder / "cache" / "made"
    processes = [converter(source, target) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    assert [path.name for path in target.parent.iterdir()] == ["made"]
    assert KvasirEmbeddings(str(target)).dimensions == tiny_container.HIDDEN


def test_a_kill_in_the_middle_leaves_nothing_that_is_taken_for_whole(
    source: Path, folder: Path
) -> None:
    target = folder / "cache" / "made"
    process = converter(source, target, "die")
    process.communicate("\n")
    assert process.returncode == -9
    assert not target.exists()
    write_folder(read_container(source), target)
    assert KvasirEmbeddings(str(target)).dimensions == tiny_container.HIDDEN


def test_the_draft_of_a_killed_conversion_goes_with_the_next_one_an_hour_later(
    source: Path, folder: Path
) -> None:
    target = folder / "cache" / "made"
    process = converter(source, target, "die")
    process.communicate("\n")
    [draft] = target.parent.iterdir()
    write_folder(read_container(source), target)
    assert draft.exists()  # it might be another process's, at work
    os.utime(draft, (0, 0))
    write_folder(read_container(source), target)
    assert [path.name for path in target.parent.iterdir()] == ["made"]


def test_a_failed_conversion_leaves_nothing(
    source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(e5_container, "_write_tokenizer", fail)
    with pytest.raises(ModelError, match="cannot be written: No space left on device"):
        write_folder(read_container(source), folder / "cache" / "made")
    assert list((folder / "cache").iterdir()) == []


def test_a_cache_that_is_no_folder_is_a_model_error(source: Path) -> None:
    with pytest.raises(ModelError, match="Set KVASIR_CACHE to a folder"):
        write_folder(read_container(source), source / "made")
