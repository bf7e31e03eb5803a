"""The header of a GGUF file: its metadata and its list of tensors, read without the weights.

The file is untrusted: whatever it holds, the result is a Header or a one-line ModelError. The gguf
package's own reader is not used: it takes two seconds for a vocabulary of 49,152 tokens where this
takes 0.03, and loops for as long as a damaged count tells it to. What the values mean for a model
is models.card's to say. Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import math
import stat
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from models.errors import ModelError
from models.gguf_cursor import U32, Cursor, damaged

Value = str | int | float | bool | list[int | float | bool]

ITEMS = 1024  # longer arrays are vocabularies: only their length is kept
NAME_BYTES = 1 << 16
TEXT_BYTES = 4 << 20
DIMENSIONS = 4  # ggml's own limit
ELEMENTS = 1 << 62

_NUMBERS = dict(zip((0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12), "BbHhIif?Qqd", strict=True))
_STRING, _ARRAY = 8, 9
# Types newer than the gguf package: elements and bytes per block, from llama.cpp's ggml-common.h.
_NEWER_TYPES = {42: ("Q2_0", 64, 18)}


@dataclass(frozen=True)
class Tensor:
    """A tensor's name, type and bytes; its shape is in ggml's order, the row's length first."""

    name: str
    kind: str
    shape: tuple[int, ...]
    bytes: int

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Header:
    """A file's metadata and tensors. Arrays of texts or of many numbers are only in `lengths`."""

    path: Path
    size: int
    values: dict[str, Value]
    lengths: dict[str, int]
    tensors: tuple[Tensor, ...]

    def text(self, key: str, default: str = "") -> str:
        """The text under the key, in one line. Raises ModelError if it is none.

        Control characters are replaced: a terminal would obey them.
        """
        value = self.values.get(key, default)
        if not isinstance(value, str):
            self._refuse(key, value, "text")
        return "".join(c if c.isprintable() else "�" for c in " ".join(value.split()))

    def whole(self, key: str, default: int = 0, most: int = 1 << 32) -> int:
        """The whole number under the key. Raises ModelError if it is none from 0 to `most`."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            self._refuse(key, value, f"a whole number up to {most:,}")
        return value

    def wholes(self, key: str, count: int, default: int = 0, most: int = 1 << 32) -> list[int]:
        """`count` whole numbers: an array, or one number for all of them. Raises ModelError."""
        value = self.values.get(key, default)
        if not isinstance(value, list):
            return [self.whole(key, default, most)] * count
        if len(value) != count:
            self._refuse(key, value, f"a list of {count}")
        if any(isinstance(item, float) or not 0 <= item <= most for item in value):
            self._refuse(key, value, f"a list of whole numbers up to {most:,}")
        return [int(item) for item in value]

    def number(self, key: str) -> float | None:
        """The finite number under the key, None if it is absent. Raises ModelError."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool | str | list) or not math.isfinite(value):
            self._refuse(key, value, "a number")
        return float(f"{value:.7g}")  # all that the 32 bits of most files hold: 1e-05 as written

    def _refuse(self, key: str, value: object, wanted: str) -> NoReturn:
        damaged(self.path, f"{key} is {repr(value)[:60]}, not {wanted}")


def read_header(path: Path) -> Header:
    """The header of a GGUF file. Raises ModelError if it is missing, damaged, cut off, or none."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # opening a pipe would wait for its other end
            raise ModelError(f"{path} is no file. Run: python models list")
        with path.open("rb") as file:
            return _read(Cursor(file, path, found.st_size))
    except OSError as error:
        raise ModelError(
            f"the model {path} cannot be read: {error.strerror or error}. Run: python models list"
        ) from error


def _read(cursor: Cursor) -> Header:
    tensor_count, value_count = _counts(cursor)
    values: dict[str, Value] = {}
    lengths: dict[str, int] = {}
    for _ in range(value_count):
        key = cursor.text(NAME_BYTES)
        if key in values or key in lengths:
            cursor.damaged(f"it names {_short(key)} twice")
        value = _value(cursor, key, cursor.count(U32))
        if isinstance(value, _Skipped):
            lengths[key] = value.length
        else:
            values[key] = value
    entries = [_entry(cursor) for _ in range(tensor_count)]
    tensors = tuple(tensor for tensor, _ in entries)
    header = Header(cursor.path, cursor.size, values, lengths, tensors)
    _check_extent(header, cursor.at, entries)
    return header


def _counts(cursor: Cursor) -> tuple[int, int]:
    """How many tensors and values follow the magic and the version."""
    if cursor.size < U32.size:
        raise ModelError(f"{cursor.path} is no GGUF file: it has {cursor.size} bytes")
    magic = U32.pack(cursor.count(U32))
    if magic != b"GGUF":
        raise ModelError(f"{cursor.path} is no GGUF file: it starts with {magic!r}")
    version = cursor.count(U32)
    if version not in (2, 3):
        swapped = int.from_bytes(U32.pack(version), "big")
        what = "a big-endian GGUF" if swapped in (2, 3) else f"GGUF version {version:,}"
        raise ModelError(f"{cursor.path} is {what}, which llama.cpp cannot load. Convert it anew.")
    tensors, values = cursor.count(), cursor.count()
    if tensors * 24 + values * 13 > cursor.left:  # the least bytes that one of each takes
        what = f"too early for the {tensors:,} tensors and {values:,} values that it names"
        cursor.damaged(f"it ends after {cursor.size:,} bytes, {what}")
    return tensors, values


@dataclass(frozen=True)
class _Skipped:
    """An array that was passed over."""

    length: int


def _value(cursor: Cursor, key: str, kind: int) -> Value | _Skipped:
    if kind == _STRING:
        return cursor.text(TEXT_BYTES)
    if kind in _NUMBERS:
        return cursor.numbers(struct.Struct("<" + _NUMBERS[kind]))[0]
    if kind != _ARRAY:
        cursor.damaged(f"{_short(key)} has the type {kind}, which GGUF does not know")
    inner, count = cursor.count(U32), cursor.count()
    if inner != _STRING and inner not in _NUMBERS:
        cursor.damaged(f"{_short(key)} is a list of the type {inner}")
    item = 8 if inner == _STRING else struct.calcsize("<" + _NUMBERS[inner])
    if count * item > cursor.left:
        cursor.damaged(f"{_short(key)} would be a list of {count:,}")
    if inner == _STRING:
        cursor.skip_texts(count)
        return _Skipped(count)
    if count > ITEMS:
        cursor.skip(count * item)
        return _Skipped(count)
    return list(cursor.numbers(struct.Struct(f"<{count}{_NUMBERS[inner]}")))


def _entry(cursor: Cursor) -> tuple[Tensor, int]:
    """A tensor and its offset within the data."""
    name = cursor.text(NAME_BYTES)
    rank = cursor.count(U32)
    if rank > DIMENSIONS:
        cursor.damaged(f"the tensor {_short(name)} would have {rank:,} dimensions")
    shape = tuple(cursor.count() for _ in range(rank))
    number = cursor.count(U32)
    if number not in _types():
        cursor.damaged(f"the tensor {_short(name)} has the type {number:,}, which is not known")
    kind, row, block = _types()[number]
    elements = math.prod(shape)
    if not 0 < elements <= ELEMENTS or (shape[0] if shape else 1) % row:
        size = " × ".join(f"{side:,}" for side in shape)
        cursor.damaged(f"the tensor {_short(name)} would be {size} of {kind}")
    return Tensor(name, kind, shape, elements // row * block), cursor.count()


@lru_cache
def _types() -> dict[int, tuple[str, int, int]]:
    """A tensor type's name, elements per block and bytes per block, by its number."""
    from gguf.constants import GGML_QUANT_SIZES

    known = {int(kind): (kind.name, *size) for kind, size in GGML_QUANT_SIZES.items()}
    return {**_NEWER_TYPES, **known}


def _check_extent(header: Header, end: int, entries: list[tuple[Tensor, int]]) -> None:
    alignment = header.whole("general.alignment", 32)
    if alignment < 1 or alignment & (alignment - 1):
        damaged(header.path, f"general.alignment is {alignment:,}, not a power of two")
    start = -(-end // alignment) * alignment
    names = set()
    for tensor, offset in entries:
        if tensor.name in names:
            damaged(header.path, f"it holds the tensor {_short(tensor.name)} twice")
        names.add(tensor.name)
        missing = start + offset + tensor.bytes - header.size
        if missing > 0:
            damaged(
                header.path,
                f"it ends after {header.size:,} bytes, {missing:,} too early for the tensor "
                f"{_short(tensor.name)}",
            )


def _short(name: str) -> str:
    return repr(name)[:60]
