import subprocess
import sys
from pathlib import Path

import pytest

from models.bundled import bundled_chat_model
from models.engine.context import Context, Placement
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


def test_control_tokens_in_a_text_count_as_such_only_when_asked(vocabulary: Context) -> None:
    assert len(vocabulary.tokenize("<|im_end|>", special=True)) == 1
    plain = vocabulary.tokenize("<|im_end|>")
    assert len(plain) > 1
    assert not any(vocabulary.ends(token) for token in plain)
    assert b"".join(map(vocabulary.piece, plain)) == b"<|im_end|>"


@pytest.mark.parametrize(
    "text", ["", "a\0b", "注意力机制 🧠", "naïve — “quotes”\r\n\t", "word " * 500]
)
def test_the_pieces_of_a_texts_tokens_are_the_text(vocabulary: Context, text: str) -> None:
    tokens = vocabulary.tokenize(text)
    assert b"".join(map(vocabulary.piece, tokens)).decode("utf-8") == text


@pytest.mark.parametrize("unit", ["a", " ", "1", "!", "\n", "中", "😀"])
def test_a_hundred_thousand_equal_characters_are_tokenized(vocabulary: Context, unit: str) -> None:
    assert len(vocabulary.tokenize(unit * 100_000)) > 1000


def test_half_a_surrogate_pair_is_replaced(vocabulary: Context) -> None:
    assert vocabulary.tokenize("\ud83d") == vocabulary.tokenize("?")


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


def test_a_memory_that_cannot_be_cut_is_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    context = Context(bundled_chat_model(), Placement(context=512, threads=1))
    try:
        context.decode(context.tokenize("one two three"), 0)
        assert context.forget(2) == 2
        monkeypatch.setattr("llama_cpp.llama_memory_seq_rm", lambda *arguments: False)
        assert context.forget(1) == 0
        context.decode(context.tokenize("four"), 0)  # refused, were anything left
    finally:
        context.close()
