"""Small GGUF files, written with the gguf package: a sound LLaMA, changed as a test wants it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf.quants import quantize

LAYERS, EMBEDDING, HEADS, KV_HEADS, WIDE, TOKENS = 2, 64, 4, 2, 96, 8
ARCHITECTURE = "llama"

Values = Mapping[str, Any]


def values(architecture: str = ARCHITECTURE) -> dict[str, Any]:
    """The metadata of the sound model."""
    own = {
        "block_count": LAYERS,
        "context_length": 4096,
        "embedding_length": EMBEDDING,
        "feed_forward_length": WIDE,
        "attention.head_count": HEADS,
        "attention.head_count_kv": KV_HEADS,
        "attention.layer_norm_rms_epsilon": 1e-5,
        "rope.freq_base": 500000.0,
    }
    return {
        "general.name": "Tiny",
        "general.license": "mit",
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": [f"t{number}" for number in range(TOKENS)],
        **{f"{architecture}.{key}": value for key, value in own.items()},
    }


def tensors() -> dict[str, np.ndarray]:
    """The weights of the sound model, all zero, as numpy has their shapes."""
    kv = EMBEDDING * KV_HEADS // HEADS
    layer = {
        "attn_norm": (EMBEDDING,),
        "attn_q": (EMBEDDING, EMBEDDING),
        "attn_k": (kv, EMBEDDING),
        "attn_v": (kv, EMBEDDING),
        "attn_output": (EMBEDDING, EMBEDDING),
        "ffn_gate": (WIDE, EMBEDDING),
        "ffn_up": (WIDE, EMBEDDING),
        "ffn_down": (EMBEDDING, WIDE),
    }
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (TOKENS, EMBEDDING)}
    for number in range(LAYERS):
        shapes |= {f"blk.{number}.{name}.weight": shape for name, shape in layer.items()}
    shapes["output_norm.weight"] = (EMBEDDING,)
    return {name: np.zeros(shape, dtype=np.float32) for name, shape in shapes.items()}


def write_gguf(
    path: Path,
    changes: Values | None = None,
    weights: Mapping[str, np.ndarray] | None = None,
    *,
    architecture: str = ARCHITECTURE,
    quantized: tuple[str, ...] = (),
) -> Path:
    """Write the sound model with these changes: None leaves a value out, `quantized` are Q8_0."""
    writer = gguf.GGUFWriter(path, architecture)
    for key, value in {**values(architecture), **(changes or {})}.items():
        if value is not None:
            _add(writer, key, value)
    for name, array in (tensors() if weights is None else weights).items():
        if name in quantized:
            packed = quantize(array, gguf.GGMLQuantizationType.Q8_0)
            writer.add_tensor(name, packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
        else:
            writer.add_tensor(name, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add(writer: gguf.GGUFWriter, key: str, value: object) -> None:
    if isinstance(value, list):
        writer.add_array(key, value)
    elif isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, str):
        writer.add_string(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    elif isinstance(value, int) and 0 <= value < 1 << 32:
        writer.add_uint32(key, value)
    elif isinstance(value, int):
        writer.add_int64(key, value)
    else:
        raise TypeError(f"{key} is {value!r}, which no test has needed yet")
