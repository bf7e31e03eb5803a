import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import llama_cpp
import numpy as np
import pytest

from models.bundled import bundled_chat_model
from models.engine.context import SEQUENCES, Context, Placement
from models.errors import ModelError

# Loads each file named and prints what came of it: a crash of llama.cpp would end the process.
LOAD = """
import sys
from pathlib import Path
from models.engine.context import Context, Placement
from models.errors import ModelError
for name in sys.argv[1:]:
    try:
        Context(Path(name), Placement(context=512))
        print("loaded")
    except ModelError as error:
        print(error)
"""
ROOT = Path(__file__).resolve().parents[3]


def test_truncated_files_are_refused_in_a_line_each_and_crash_nothing(folder: Path) -> None:
    whole = bundled_chat_model().read_bytes()
    lengths = [4, 8, 20, 24, 100, 10_000, 1_000_000, 1_800_000, len(whole) // 2, len(whole) - 1]
    names = []
    for length in lengths:
        path = folder / f"{length}.gguf"
        path.write_bytes(whole[:length])
        names.append(str(path))
    done = subprocess.run(
        [sys.executable, "-c", LOAD, *names], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) == len(names)
    for name, line in zip(names, lines, strict=True):
        assert line.startswith(f"llama.cpp cannot load {name}: the file is damaged")


@pytest.mark.parametrize("content", [b"", b"GGU", b"PK\x03\x04 a zip file", b"FUGG" + bytes(100)])
def test_a_file_that_is_no_gguf_is_named_with_what_it_starts_with(
    folder: Path, content: bytes
) -> None:
    path = folder / "other.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="is no GGUF file: it starts with") as caught:
        Context(path, Placement())
    assert repr(content[:4]) in str(caught.value)


def test_a_folder_or_a_missing_file_is_named(folder: Path) -> None:
    with pytest.raises(ModelError, match="Is a directory"):
        Context(folder, Placement())
    with pytest.raises(ModelError, match="No such file"):
        Context(folder / "none.gguf", Placement())


def test_the_context_is_no_larger_than_the_model_was_trained_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("llama_cpp.llama_model_n_ctx_train", lambda model: 1024)
    context = Context(bundled_chat_model(), Placement(context=1_000_000, threads=1))
    try:
        assert context.size == 1024
    finally:
        context.close()


def test_a_context_that_cannot_be_had_is_a_model_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llama_cpp.llama_init_from_model", lambda model, params: None)
    with pytest.raises(ModelError, match="Set KVASIR_CONTEXT to less"):
        Context(bundled_chat_model(), Placement(context=512))


# ---- a cache of many sequences


@pytest.fixture(scope="module")
def context() -> Iterator[Context]:
    made = Context(bundled_chat_model(), Placement(context=256, threads=1))
    yield made
    made.close()


@pytest.fixture(autouse=True)
def emptied(context: Context) -> None:
    for sequence in range(SEQUENCES):
        context.remove(sequence)


def read(context: Context, tokens: list[int], sequence: int, start: int = 0) -> np.ndarray:
    """The logits behind the last of the tokens."""
    last = len(tokens) - 1
    rows = [(token, start + n, sequence, n == last) for n, token in enumerate(tokens)]
    assert context.decode(rows)
    return context.logits(last).copy()


def test_sequences_decoded_together_are_each_as_alone(context: Context) -> None:
    alone = [read(context, [504, 60 + n], n) for n in range(3)]
    for n in range(3):
        context.remove(n)
    assert context.decode(
        [(token, p, n, p == 1) for n in range(3) for p, token in enumerate([504, 60 + n])]
    )
    for n in range(3):
        together = context.logits(2 * n + 1)
        assert np.abs(together - alone[n]).max() < 0.7
        assert together.argmax() == alone[n].argmax()


def test_a_copied_beginning_is_shared_and_takes_no_room(context: Context) -> None:
    whole = read(context, list(range(300, 360)), 0)
    context.remove(0, 59)
    for other in range(1, 5):
        context.copy(0, other, 0, 59)
        assert context.extent(other) == (0, 58)
    context.remove(0)
    assert np.abs(read(context, [359], 3, start=59) - whole).max() < 0.7


def test_a_full_cache_is_an_error_that_tells_so(context: Context) -> None:
    read(context, list(range(300, 556)), 0)
    with pytest.raises(ModelError, match="the 256 tokens of context are full"):
        read(context, [5], 1)


def test_a_saved_sequence_goes_into_another_and_not_where_there_is_no_room(
    context: Context,
) -> None:
    read(context, list(range(300, 440)), 0)
    saved = context.save(0)
    assert not context.restore(1, saved)
    context.reset()
    assert context.extent(0) == context.extent(1) == (-1, -1)
    assert context.restore(1, saved)
    assert context.extent(1) == (0, 139)
    elsewhere = context.save(1)
    context.remove(1)
    assert context.restore(0, elsewhere)
    assert context.save(0) == saved


@pytest.mark.parametrize("blob", [b"", b"garbage", b"\0" * 4000])
def test_what_is_no_saved_sequence_is_refused(context: Context, blob: bytes) -> None:
    assert not context.restore(1, blob)
    context.reset()


def test_an_aborted_decode_changes_nothing(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read(context, [504, 3575], 0)
    decode = llama_cpp.llama_decode

    def aborted(pointer: object, batch: object) -> int:
        context.abort()
        return int(decode(pointer, batch))

    with monkeypatch.context() as patch:
        patch.setattr("llama_cpp.llama_decode", aborted)
        assert not context.decode([(282, 2, 0, True), (5, 0, 1, True)])
    assert context.extent(0) == (0, 1)
    assert context.extent(1) == (-1, -1)
    context.remove(0, 1)
    assert np.abs(read(context, [3575], 0, start=1) - before).max() < 0.7


@pytest.mark.parametrize("size", [1, 40, 64, 300])
def test_neither_context_nor_batch_is_too_small_for_llama_cpp(size: int) -> None:
    """It would stop the process."""
    made = Context(bundled_chat_model(), Placement(context=size, threads=1, batch=1))
    try:
        assert made.size == size
        assert made.batch_size == SEQUENCES
        assert read(made, [504] * SEQUENCES, 0).shape == (made.model.vocabulary_size,)
    finally:
        made.close()


def test_an_unknown_kv_type_is_named_with_those_there_are() -> None:
    with pytest.raises(ModelError, match=r"no KV type q9_9. Use one of f32, f16"):
        Context(bundled_chat_model(), Placement(context=64, kv_type="q9_9"))
