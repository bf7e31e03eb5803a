import os
import random
import struct
import sys
from pathlib import Path
from typing import Any

import gguf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

import tiny_gguf

from models.bundled import bundled_chat_model
from models.errors import ModelError
from models.gguf_header import ITEMS, read_header

START = 24  # where the first value begins: behind magic, version and the two counts

whole = st.one_of(st.integers(-(1 << 62), 1 << 62), st.booleans())
real = st.floats(width=32, allow_nan=False)
values = st.one_of(
    whole, real, st.text(min_size=1, max_size=40), st.lists(real, min_size=1, max_size=9)
)


def refused(path: Path) -> str:
    """The message of the ModelError for the file: one line that names it."""
    with pytest.raises(ModelError) as caught:
        read_header(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def value(key: str, kind: int, payload: bytes) -> bytes:
    return struct.pack("<Q", len(key)) + key.encode() + struct.pack("<I", kind) + payload


def entry(shape: list[int], kind: int = 0, offset: int = 0, name: str = "w") -> bytes:
    head = struct.pack("<Q", len(name)) + name.encode() + struct.pack("<I", len(shape))
    return head + struct.pack(f"<{len(shape)}QIQ", *shape, kind, offset)


def write(
    path: Path, *values: bytes, tensors: tuple[bytes, ...] = (), data: int = 4096, version: int = 3
) -> Path:
    """A GGUF written byte by byte, so that it may be wrong."""
    counts = struct.pack("<IQQ", version, len(tensors), len(values))
    path.write_bytes(b"GGUF" + counts + b"".join(values) + b"".join(tensors) + bytes(data))
    return path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(min_size=1, max_size=12), values, max_size=6))
def test_values_are_read_as_they_were_written(folder: Path, written: dict[str, Any]) -> None:
    written = {f"test.{key}": value for key, value in written.items()}
    path = tiny_gguf.write_gguf(folder / "model.gguf", written)
    header = read_header(path)
    assert {key: header.values[key] for key in written} == written


@pytest.mark.parametrize("which", ["bundled", "tiny"])
def test_tensors_and_values_are_those_that_the_gguf_package_reads(folder: Path, which: str) -> None:
    path = bundled_chat_model()
    if which == "tiny":
        path = tiny_gguf.write_gguf(folder / "tiny.gguf", quantized=("blk.0.attn_q.weight",))
    header, reader = read_header(path), gguf.GGUFReader(path)
    assert [(t.name, t.kind, t.shape, t.bytes, t.elements) for t in header.tensors] == [
        (t.name, t.tensor_type.name, tuple(t.shape.tolist()), t.n_bytes, t.n_elements)
        for t in reader.tensors
    ]
    fields = {name: field for name, field in reader.fields.items() if "GGUF." not in name}
    assert set(header.values) | set(header.lengths) == set(fields)
    for key, found in header.values.items():
        assert found == fields[key].contents()
    for key, length in header.lengths.items():
        assert length == len(fields[key].data)


def test_a_long_array_is_known_by_its_length_alone(folder: Path) -> None:
    long = list(range(ITEMS + 1))
    header = read_header(tiny_gguf.write_gguf(folder / "m.gguf", {"test.long": long}))
    assert header.lengths["test.long"] == ITEMS + 1
    assert "test.long" not in header.values


def test_a_file_that_is_cut_off_anywhere_is_damaged(folder: Path) -> None:
    path = tiny_gguf.write_gguf(folder / "model.gguf")
    header = read_header(path)
    data = header.size - sum(tensor.bytes for tensor in header.tensors)
    random.seed(1)
    lengths = [*range(data), *random.sample(range(data, header.size), 50)]
    for length in sorted(lengths, reverse=True):
        os.truncate(path, length)
        message = refused(path)
        assert ("is no GGUF file" in message) == (length < 4)


def test_a_text_a_folder_and_nothing_are_no_gguf(folder: Path) -> None:
    text, empty = folder / "text.gguf", folder / "empty.gguf"
    text.write_text("hello")
    empty.touch()
    assert "starts with b'hell'" in refused(text)
    assert "it has 0 bytes" in refused(empty)
    assert "is no file" in refused(folder)
    assert "No such file" in refused(folder / "absent.gguf")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_refused_and_not_waited_for(folder: Path) -> None:
    pipe = folder / "pipe.gguf"
    os.mkfifo(pipe)
    assert "is no file" in refused(pipe)


def test_a_file_that_may_not_be_read_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = tiny_gguf.write_gguf(folder / "model.gguf")
    monkeypatch.setattr(Path, "open", refuse)
    assert "Permission denied" in refused(path)


@pytest.mark.parametrize(
    ("kind", "payload", "said"),
    [
        (8, struct.pack("<Q", 1 << 60), "would be 1,152,921,504,606,846,976 bytes long"),
        (9, struct.pack("<IQ", 8, 1 << 60), "would be a list of"),
        (9, struct.pack("<IQ", 0, 1 << 60), "would be a list of"),
        (9, struct.pack("<IQ", 9, 1), "is a list of the type 9"),
        (13, b"", "has the type 13"),
    ],
)
def test_absurd_values_are_named(folder: Path, kind: int, payload: bytes, said: str) -> None:
    assert said in refused(write(folder / "model.gguf", value("key", kind, payload)))


@pytest.mark.parametrize(
    ("tensor", "said"),
    [
        (entry([1] * 5), "5 dimensions"),
        (entry([4, 0]), "4 × 0 of F32"),
        (entry([1 << 31] * 3), "2,147,483,648 × 2,147,483,648"),
        (entry([33], kind=8), "33 of Q8_0"),  # blocks of 32
        (entry([32], kind=999), "the type 999"),
        (entry([1 << 20]), "too early for the tensor 'w'"),
        (entry([32], offset=1 << 63), "too early for the tensor 'w'"),
    ],
)
def test_absurd_tensors_are_named(folder: Path, tensor: bytes, said: str) -> None:
    assert said in refused(write(folder / "model.gguf", tensors=(tensor,)))


@pytest.mark.parametrize("counts", [(1 << 63, 0), (0, 1 << 63), (1 << 20, 1 << 20)])
def test_absurd_counts_are_refused_at_once(folder: Path, counts: tuple[int, int]) -> None:
    path = folder / "model.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, *counts) + bytes(1000))
    assert "too early for the" in refused(path)


def test_names_stand_once(folder: Path) -> None:
    twice = value("key", 0, b"\1")
    assert "names 'key' twice" in refused(write(folder / "a.gguf", twice, twice))
    same = entry([32])
    assert "holds the tensor 'w' twice" in refused(write(folder / "b.gguf", tensors=(same, same)))


@pytest.mark.parametrize("alignment", [0, 3, 1 << 31 | 1])
def test_an_alignment_is_a_power_of_two(folder: Path, alignment: int) -> None:
    aligned = value("general.alignment", 4, struct.pack("<I", alignment))
    assert "not a power of two" in refused(write(folder / "model.gguf", aligned))


@pytest.mark.parametrize(("version", "said"), [(1, "version 1"), (3 << 24, "big-endian")])
def test_other_versions_are_named(folder: Path, version: int, said: str) -> None:
    assert said in refused(write(folder / "model.gguf", version=version))


def test_a_type_newer_than_the_gguf_package_is_known(folder: Path) -> None:
    header = read_header(write(folder / "model.gguf", tensors=(entry([128], kind=42),)))
    assert (header.tensors[0].kind, header.tensors[0].bytes) == ("Q2_0", 36)


def test_control_characters_never_reach_the_terminal(folder: Path) -> None:
    path = tiny_gguf.write_gguf(folder / "m.gguf", {"general.name": "a\x1b[2Jb\nc\x9b"})
    assert read_header(path).text("general.name") == "a�[2Jb c�"


@pytest.mark.parametrize("wrong", ["text", -1, 1 << 40, 1.5, True, [1, 2]])
def test_a_value_of_another_type_is_named(folder: Path, wrong: object) -> None:
    header = read_header(tiny_gguf.write_gguf(folder / "m.gguf", {"test.key": wrong}))
    with pytest.raises(ModelError, match=r"test\.key is .*, not a whole number"):
        header.whole("test.key")


@pytest.mark.parametrize("wrong", [[1, 2], [1, 2, -3], [1.0, 2.0, 3.0], "text"])
def test_a_list_of_another_length_or_type_is_named(folder: Path, wrong: object) -> None:
    header = read_header(tiny_gguf.write_gguf(folder / "m.gguf", {"test.key": wrong}))
    with pytest.raises(ModelError, match=r"test\.key is "):
        header.wholes("test.key", 3)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), "text", True])
def test_a_number_is_finite(folder: Path, wrong: object) -> None:
    header = read_header(tiny_gguf.write_gguf(folder / "m.gguf", {"test.key": wrong}))
    with pytest.raises(ModelError, match=r"test\.key is .*, not a number"):
        header.number("test.key")
