"""A LLaMA's GGUF file: its hyper-parameters, and its weights in float32.

What a plain LLaMA does not have (experts, biases, other scalings of RoPE) is refused, since
logits computed without it would be wrong.
"""

from dataclasses import dataclass

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Shape:
    """The hyper-parameters of a LLaMA."""

    layers: int
    heads: int
    kv_heads: int
    head_size: int
    rope_base: float
    rope_stretch: float  # positions are divided by it
    epsilon: float

    @classmethod
    def of(cls, reader: GGUFReader) -> "Shape":
        """Read from the metadata. Raises ValueError where they ask for what is not done here."""
        metadata = {name: field.contents() for name, field in reader.fields.items()}
        if metadata["general.architecture"] != "llama":
            raise ValueError(f"the architecture is {metadata['general.architecture']}, not llama")
        given = {name[6:]: value for name, value in metadata.items() if name[:6] == "llama."}
        for told_by_the_tensors in ("context_length", "feed_forward_length", "vocab_size"):
            given.pop(told_by_the_tensors, None)
        heads = given.pop("attention.head_count")
        head_size = given.pop("embedding_length") // heads
        head_size = given.pop("attention.key_length", head_size)
        for same in ("attention.value_length", "rope.dimension_count"):
            if given.pop(same, head_size) != head_size:
                raise ValueError(f"{same} differs from the head size, {head_size}")
        if (scaling := given.pop("rope.scaling.type", "linear")) not in ("none", "linear"):
            raise ValueError(f"RoPE is scaled by {scaling}, which is neither none nor linear")
        factor = given.pop("rope.scaling.factor", 1.0)
        shape = cls(
            layers=given.pop("block_count"),
            heads=heads,
            kv_heads=given.pop("attention.head_count_kv", heads),
            head_size=head_size,
            rope_base=given.pop("rope.freq_base", 10000.0),
            rope_stretch=factor if scaling == "linear" else 1.0,
            epsilon=given.pop("attention.layer_norm_rms_epsilon"),
        )
        if given:
            raise ValueError(f"hyper-parameters unknown here: {', '.join(sorted(given))}")
        return shape


class Weights:
    """The tensors of a GGUF file by name, dequantized to float32 when first used, and kept."""

    def __init__(self, reader: GGUFReader) -> None:
        self._stored = {tensor.name: tensor for tensor in reader.tensors}
        self._ready: dict[str, Floats] = {}

    def __contains__(self, name: str) -> bool:
        return f"{name}.weight" in self._stored

    def __getitem__(self, name: str) -> Floats:
        """A vector, or a matrix of shape (outputs, inputs)."""
        if name not in self._ready:
            stored = self._stored[f"{name}.weight"]
            self._ready[name] = dequantize(stored.data, stored.tensor_type)
        return self._ready[name]

    def kind(self, name: str) -> str:
        """How the file stores it: "F32", "Q4_1" and so on."""
        return str(self._stored[f"{name}.weight"].tensor_type.name)

    def check(self, layers: int) -> None:
        """Raises ValueError if there are tensors that no plain LLaMA has: biases, experts."""
        parts = "attn_norm attn_q attn_k attn_v attn_output ffn_norm ffn_gate ffn_up ffn_down"
        known = {f"blk.{layer}.{part}.weight" for layer in range(layers) for part in parts.split()}
        whole = "token_embd output_norm output rope_freqs"
        known |= {f"{name}.weight" for name in whole.split()}
        if unknown := self._stored.keys() - known:
            raise ValueError(f"tensors unknown here: {', '.join(sorted(unknown))}")
