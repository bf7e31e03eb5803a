"""LLaMAs of two layers with random weights and whatever hyper-parameters a test asks for.

A few kilobytes, no vocabulary: token ids alone. The weights are large enough for attention to
choose, so that a wrong angle or a wrong head shows in the logits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, RopeScalingType
from gguf.quants import quantize

VOCABULARY, WIDTH, WIDE, LAYERS, HEADS = 160, 128, 192, 2, 4


@dataclass(frozen=True)
class Tiny:
    """What such a model is like; `factors` slow RoPE's pairs down as Llama 3's do."""

    kv_heads: int = 2
    head_size: int = 32
    rope_base: float = 10000.0
    rope_stretch: float = 1.0
    factors: bool = False
    tied: bool = False
    epsilon: float = 1e-5
    weights: str = "F32"

    def write(self, path: Path, change: Callable[[GGUFWriter], None] | None = None) -> Path:
        """The model's file, with whatever `change` adds to it."""
        writer = GGUFWriter(path, "llama")
        writer.add_block_count(LAYERS)
        writer.add_context_length(512)
        writer.add_embedding_length(WIDTH)
        writer.add_feed_forward_length(WIDE)
        writer.add_head_count(HEADS)
        writer.add_head_count_kv(self.kv_heads)
        writer.add_key_length(self.head_size)
        writer.add_value_length(self.head_size)
        writer.add_rope_dimension_count(self.head_size)
        writer.add_rope_freq_base(self.rope_base)
        writer.add_layer_norm_rms_eps(self.epsilon)
        if self.rope_stretch != 1.0:
            writer.add_rope_scaling_type(RopeScalingType.LINEAR)
            writer.add_rope_scaling_factor(self.rope_stretch)
        writer.add_vocab_size(VOCABULARY)
        writer.add_tokenizer_model("none")
        self._add_tensors(writer, np.random.default_rng(0))
        if change:
            change(writer)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path

    def _add_tensors(self, writer: GGUFWriter, random: np.random.Generator) -> None:
        def vector(name: str, size: int) -> None:
            scale = random.uniform(0.5, 2.0, size).astype(np.float32)
            writer.add_tensor(f"{name}.weight", scale)

        def matrix(name: str, outputs: int, inputs: int, scale: float = 1.0) -> None:
            numbers = random.normal(0, scale / np.sqrt(inputs), (outputs, inputs))
            kind = GGMLQuantizationType[self.weights]
            stored = quantize(numbers.astype(np.float32), kind)
            writer.add_tensor(f"{name}.weight", stored, raw_dtype=kind)

        queries, keys = HEADS * self.head_size, self.kv_heads * self.head_size
        matrix("token_embd", VOCABULARY, WIDTH)
        for layer in range(LAYERS):
            block = f"blk.{layer}."
            vector(block + "attn_norm", WIDTH)
            matrix(block + "attn_q", queries, WIDTH, scale=1.5)
            matrix(block + "attn_k", keys, WIDTH, scale=1.5)
            matrix(block + "attn_v", keys, WIDTH)
            matrix(block + "attn_output", WIDTH, queries)
            vector(block + "ffn_norm", WIDTH)
            matrix(block + "ffn_gate", WIDE, WIDTH)
            matrix(block + "ffn_up", WIDE, WIDTH)
            matrix(block + "ffn_down", WIDTH, WIDE)
        vector("output_norm", WIDTH)
        if not self.tied:
            matrix("output", VOCABULARY, WIDTH)
        if self.factors:
            vector("rope_freqs", self.head_size // 2)
