"""A learnt beginning: keys and values that stand before every prompt, computed from no token.

Prefix tuning learns them (Li and Liang, 2101.00190), prompt tuning the embeddings that they are
computed from (Lester et al., 2104.08691). The file is a GGUF adapter of the type "prefix" with
`blk.N.prefix_k` and `blk.N.prefix_v` for every layer, a position's numbers in a row.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.errors import ModelError, first_line
from models.gguf_header import Header, read_header

if TYPE_CHECKING:
    from gguf import GGMLQuantizationType

KIND = "prefix"
MOST_BYTES = 1 << 28
_FIRST_KEY = -(1 << 30)  # no token, and no key of moved ones, which are below 32 bits
_LENGTHS = struct.Struct("<II")  # whether values are transposed, and how many layers follow
_ROWS = struct.Struct("<iQ")  # the type of a layer's rows, and the bytes of one
_COLUMNS = struct.Struct("<iII")  # of transposed values: type, bytes of one, numbers of a row


@dataclass(frozen=True, eq=False)
class Beginning:
    """Keys and values, shape (layers, tokens, numbers per token), float32, keys after RoPE."""

    keys: np.ndarray
    values: np.ndarray

    @property
    def tokens(self) -> int:
        """Positions that it takes."""
        return int(self.keys.shape[1])

    def stand_ins(self) -> tuple[int, ...]:
        """What stands for its positions where tokens do: numbers that no token has."""
        return tuple(_FIRST_KEY + place for place in range(self.tokens))

    def laid_into(self, state: bytes, kv_type: str) -> bytes:
        """The saved state of a sequence of as many tokens, with these keys and values in it.

        The layout is that of llama.cpp's `llama_kv_cache::state_write`: at the end of the state
        every layer's keys, then every layer's values. Raises ModelError where it is another, or
        the model.
        """
        kind = _kind(kv_type)
        for transposed in (False, True):
            parts = [(_LENGTHS.pack(transposed, len(self.keys)), b"")]
            parts += [_rows(layer, kind) for layer in self.keys]
            parts += [(_columns if transposed else _rows)(layer, kind) for layer in self.values]
            start = len(state) - sum(len(head) + len(data) for head, data in parts)
            if start >= 0 and _has_heads(state, start, parts):
                return state[:start] + b"".join(head + data for head, data in parts)
        raise ModelError(
            "the adapter's learnt beginning does not fit into the KV cache: it was made for "
            "another model, or this build of llama.cpp keeps its cache in another form. "
            "Train it anew, or one of the method lora."
        )


def read_beginning(path: Path) -> Beginning | None:
    """The learnt beginning in an adapter's file, None if it is another kind of adapter.

    Raises ModelError if the file is damaged, or no adapter.
    """
    header = read_header(path)
    if header.text("adapter.type") != KIND:
        return None
    try:
        return _read(header)
    except (KeyError, ValueError, TypeError, IndexError, OSError) as error:
        raise ModelError(
            f"{path} is no sound learnt beginning: {first_line(error)}. Train it anew."
        ) from error


def _read(header: Header) -> Beginning:
    from gguf import GGMLQuantizationType, GGUFReader

    if header.size > MOST_BYTES:
        raise ValueError(f"it has {header.size:,} bytes")
    # The header was read with care; what it says of the tensors lies within the file.
    tensors = {tensor.name: tensor for tensor in GGUFReader(header.path).tensors}
    plain = (GGMLQuantizationType.F32, GGMLQuantizationType.F16)
    if not tensors or any(tensor.tensor_type not in plain for tensor in tensors.values()):
        raise ValueError("it holds other things than plain numbers")
    layers = len(tensors) // 2
    found = {
        part: np.stack([tensors[f"blk.{n}.prefix_{part}"].data for n in range(layers)])
        for part in "kv"
    }
    keys, values = (found[part].astype(np.float32) for part in "kv")
    if keys.ndim != 3 or keys.shape[:2] != values.shape[:2] or not keys.size or not values.size:
        raise ValueError(f"its keys have the shape {keys.shape}, its values {values.shape}")
    if not (np.isfinite(keys).all() and np.isfinite(values).all()):
        raise ValueError("it holds what is no number")
    return Beginning(keys, values)


def _kind(kv_type: str) -> "GGMLQuantizationType":
    from gguf import GGMLQuantizationType

    return GGMLQuantizationType[kv_type.upper()]


def _rows(layer: np.ndarray, kind: "GGMLQuantizationType") -> tuple[bytes, bytes]:
    """A layer's numbers as the state has them, a position in a row, with what stands before."""
    data = _encoded(layer, kind)
    return _ROWS.pack(kind, len(data) // len(layer)), data


def _columns(layer: np.ndarray, kind: "GGMLQuantizationType") -> tuple[bytes, bytes]:
    """The same where the cache holds them transposed: a position in a column."""
    data = _encoded(layer.T, kind)
    return _COLUMNS.pack(kind, len(data) // layer.size, layer.shape[1]), data


def _has_heads(state: bytes, start: int, parts: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether the state from there on is made of such parts, whatever numbers are in them."""
    for head, data in parts:
        if state[start : start + len(head)] != head:
            return False
        start += len(head) + len(data)
    return True


def _encoded(rows: np.ndarray, kind: "GGMLQuantizationType") -> bytes:
    from gguf import quants

    encoded: np.ndarray = quants.quantize(np.ascontiguousarray(rows, np.float32), kind)
    return encoded.tobytes()
