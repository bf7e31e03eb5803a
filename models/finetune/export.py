"""A trained adapter as the GGUF file that the engine loads beside the model.

transformers turns the rows of a LLaMA's queries and keys when it reads a GGUF file, each head's
halves for its pairs: here they are turned back. It knows no torch.
"""

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.card import Card
from models.engine.beginning import KIND as PREFIX
from models.errors import ModelError

if TYPE_CHECKING:
    from gguf import GGUFWriter

_NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_WEIGHT = re.compile(r"model\.layers\.(\d+)\.(\w+\.\w+)\.lora_([AB])\.weight")


def write_adapter(
    path: Path, weights: Mapping[str, np.ndarray], alpha: float, card: Card, kind: str = "F16"
) -> None:
    """Write LoRA weights, named as transformers and peft name them, as an adapter for a model.

    What they add is scaled by `alpha` / rank; `kind` is F16 or F32. The file is written whole or
    not at all. Raises ModelError if it cannot be.
    """
    placed = dict(_placed(own, weight, card) for own, weight in weights.items())
    with draft(path, card, "lora") as writer:
        writer.add_float32("adapter.lora.alpha", alpha)
        for name, matrix in placed.items():
            writer.add_tensor(name, np.ascontiguousarray(matrix, _dtype(kind)))


def write_beginning(
    path: Path, keys: np.ndarray, values: np.ndarray, card: Card, kind: str = "F16"
) -> None:
    """Write a learnt beginning: shape (layers, heads, tokens, numbers of a head), keys after RoPE.

    The file is written whole or not at all. Raises ModelError if it cannot be.
    """
    with draft(path, card, PREFIX) as writer:
        for layer, (key, value) in enumerate(zip(keys, values, strict=True)):
            heads = card.attention.kv_heads[layer]
            rows = key.transpose(0, 2, 1).reshape(-1, key.shape[1])
            for name, columns in (
                ("prefix_k", turned(rows, heads)),
                ("prefix_v", value.transpose(0, 2, 1).reshape(-1, value.shape[1])),
            ):
                matrix = np.ascontiguousarray(columns.T, _dtype(kind))
                writer.add_tensor(f"blk.{layer}.{name}", matrix)


@contextmanager
def draft(path: Path, card: Card, kind: str) -> Iterator["GGUFWriter"]:
    """An adapter's file to be filled, which is put in its place at the end."""
    from gguf import GGUFWriter

    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            writer = GGUFWriter(draft, card.architecture)
            writer.add_type("adapter")
            writer.add_name(path.stem)
            writer.add_string("adapter.type", kind)
            yield writer
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_tensors_to_file()
            writer.close()
            with draft.open("rb+") as file:  # or a power cut could leave the name and not the data
                os.fsync(file.fileno())
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise ModelError(f"{path} cannot be written: {error.strerror}") from error


def _dtype(kind: str) -> type[np.floating]:
    return np.float32 if kind == "F32" else np.float16


def gguf_name(name: str) -> str:
    """What GGUF calls a weight of an adapter. Raises ModelError for what has no place in one."""
    layer, part, end = _parts(name)
    return f"blk.{layer}.{part}.weight.lora_{end}"


def returned(name: str, weight: np.ndarray, card: Card) -> np.ndarray:
    """A weight's rows as transformers has them, from GGUF's order."""
    heads = _turned_heads(name, card)
    return turned(weight, heads, back=True) if heads else weight


def turned(matrix: np.ndarray, heads: int, *, back: bool = False) -> np.ndarray:
    """Rows in GGUF's order: of each head, the first of each half, then the second, and so on."""
    middle = (-1, 2) if back else (2, -1)
    halves = matrix.reshape(heads, *middle, matrix.shape[-1])
    return halves.swapaxes(1, 2).reshape(matrix.shape)


def _placed(name: str, weight: np.ndarray, card: Card) -> tuple[str, np.ndarray]:
    """A weight's name in GGUF, and its numbers in that order."""
    heads = _turned_heads(name, card)
    return gguf_name(name), turned(weight, heads) if heads else weight


def _turned_heads(name: str, card: Card) -> int:
    """How many heads the weight's rows are of, 0 where they are not turned."""
    layer, part, end = _parts(name)
    heads = {"attn_q": card.attention.heads, "attn_k": card.attention.kv_heads}
    return heads[part][layer] if end == "b" and part in heads else 0


def _parts(name: str) -> tuple[int, str, str]:
    """The layer, GGUF's name of the part, and which of the two matrices it is."""
    found = _WEIGHT.fullmatch(name)
    if not found or found[2] not in _NAMES:
        raise ModelError(f"the weight {name} has no name in an adapter's file")
    return int(found[1]), _NAMES[found[2]], found[3].lower()
