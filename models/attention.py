"""A model's attention: its heads, what each layer keeps in the KV cache, its rotary positions.

Read from a GGUF header's metadata; what they cost in bytes is models.plan's to say.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from models.gguf_header import Header

HEADS = 1 << 16
LENGTH = 1 << 16


@dataclass(frozen=True)
class Rope:
    """Rotary positions. `base` is None where the file gives none: llama.cpp then takes 10,000."""

    base: float | None
    dimensions: int
    scaling: str
    factor: float | None
    original_context: int


@dataclass(frozen=True)
class Attention:
    """Heads of queries and of keys and values, layer by layer, and the length of each.

    `kv_width` is what a token adds to a layer's cache: how many numbers of keys, and of values.
    """

    kind: str
    heads: tuple[int, ...]
    kv_heads: tuple[int, ...]
    key_length: int
    value_length: int
    kv_width: tuple[tuple[int, int], ...]
    sliding_window: int
    rope: Rope


def read_attention(header: Header, architecture: str, layers: int, embedding: int) -> Attention:
    """The attention of a model with so many layers. Raises ModelError for impossible values."""
    prefix = f"{architecture}.attention."
    heads = header.wholes(f"{prefix}head_count", layers, most=HEADS)
    kv_heads = heads
    if f"{prefix}head_count_kv" in header.values:
        kv_heads = header.wholes(f"{prefix}head_count_kv", layers, most=HEADS)
    length = embedding // max(heads) if any(heads) else 0
    key_length = header.whole(f"{prefix}key_length", length, LENGTH)
    value_length = header.whole(f"{prefix}value_length", length, LENGTH)
    width = _kv_width(header, architecture, kv_heads, key_length, value_length)
    return Attention(
        kind=_kind(heads, kv_heads, width, latent=f"{prefix}key_length_mla" in header.values),
        heads=tuple(heads),
        kv_heads=tuple(kv_heads),
        key_length=key_length,
        value_length=value_length,
        kv_width=tuple(width),
        sliding_window=header.whole(f"{prefix}sliding_window"),
        rope=_rope(header, architecture, key_length),
    )


def _kv_width(
    header: Header, architecture: str, kv_heads: Sequence[int], key: int, value: int
) -> list[tuple[int, int]]:
    """Numbers of keys and values per token in each layer's cache, as llama.cpp lays it out.

    Layers that share an earlier one's cache have none, nor have recurrent ones; latent attention
    (MLA) reads its values out of the keys.
    """
    prefix = f"{architecture}.attention."
    layers = len(kv_heads)
    own = layers - header.whole(f"{prefix}shared_kv_layers", most=layers)
    every = header.whole(f"{architecture}.full_attention_interval", 1, LENGTH)
    local = (
        header.whole(f"{prefix}key_length_swa", key, LENGTH),
        header.whole(f"{prefix}value_length_swa", value, LENGTH),
    )
    windows: list[int] = [0] * layers
    if isinstance(header.values.get(f"{prefix}sliding_window_pattern"), list):
        windows = header.wholes(f"{prefix}sliding_window_pattern", layers, most=1)
    latent = f"{prefix}key_length_mla" in header.values
    width = []
    for layer, heads in enumerate(kv_heads):
        if layer >= own or (layer + 1) % max(every, 1):
            heads = 0
        keys, values = local if windows[layer] else (key, value)
        width.append((heads * keys, 0 if latent else heads * values))
    return width


def _kind(
    heads: Sequence[int],
    kv_heads: Sequence[int],
    width: Sequence[tuple[int, int]],
    *,
    latent: bool,
) -> str:
    """MHA, MQA, GQA or MLA, by the layers that have a cache; "none" if no layer has."""
    attending = [
        (query, kv) for query, kv, (keys, _) in zip(heads, kv_heads, width, strict=True) if keys
    ]
    if not attending:
        return "none"
    if latent:
        return "MLA"
    if all(query == kv for query, kv in attending):
        return "MHA"
    return "MQA" if all(kv == 1 for _, kv in attending) else "GQA"


def _rope(header: Header, architecture: str, key_length: int) -> Rope:
    prefix = f"{architecture}.rope."
    names = {tensor.name.rpartition(".weight")[0] for tensor in header.tensors}
    scaling = header.text(f"{prefix}scaling.type")
    factor = header.number(f"{prefix}scaling.factor")
    if not scaling and f"{prefix}scale_linear" in header.values:  # as older files have it
        scaling, factor = "linear", header.number(f"{prefix}scale_linear")
    if not scaling and any(name.endswith("rope_factors_long") for name in names):
        scaling = "longrope"
    if not scaling and any(name.endswith("rope_freqs") for name in names):
        scaling = "by frequency"  # Llama 3.1 and later: the factors are a tensor
    return Rope(
        base=header.number(f"{prefix}freq_base"),
        dimensions=header.whole(f"{prefix}dimension_count", key_length, LENGTH),
        scaling=scaling or "none",
        factor=factor,
        original_context=header.whole(f"{prefix}scaling.original_context_length"),
    )
