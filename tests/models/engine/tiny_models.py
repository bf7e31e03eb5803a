"""A LLaMA and a Mamba of two layers with random weights and a vocabulary of bytes.

They answer nonsense, a thousand times a second.
"""

from pathlib import Path

import numpy as np
from gguf import GGUFWriter, TokenType

WIDTH, LAYERS = 64, 2
HEADS, KV_HEADS = 4, 2
STATE, KERNEL, RANK = 16, 4, 4
WORDS = 3 + 256  # unknown, the beginning, the end, and every byte


def write_llama(path: Path) -> Path:
    """A plain transformer in float32."""
    model = _Model(path, "llama")
    model.writer.add_feed_forward_length(2 * WIDTH)
    model.writer.add_head_count(HEADS)
    model.writer.add_head_count_kv(KV_HEADS)
    model.writer.add_rope_dimension_count(WIDTH // HEADS)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        model.add(block + "attn_norm.weight", WIDTH, shift=1)
        model.add(block + "attn_q.weight", WIDTH, WIDTH, scale=2)
        model.add(block + "attn_k.weight", WIDTH * KV_HEADS // HEADS, WIDTH, scale=2)
        model.add(block + "attn_v.weight", WIDTH * KV_HEADS // HEADS, WIDTH)
        model.add(block + "attn_output.weight", WIDTH, WIDTH)
        model.add(block + "ffn_norm.weight", WIDTH, shift=1)
        model.add(block + "ffn_gate.weight", 2 * WIDTH, WIDTH)
        model.add(block + "ffn_up.weight", 2 * WIDTH, WIDTH)
        model.add(block + "ffn_down.weight", WIDTH, 2 * WIDTH)
    return model.close()


def write_mamba(path: Path) -> Path:
    """A model with a recurrent memory."""
    model = _Model(path, "mamba")
    writer, add = model.writer, model.add
    inner = 2 * WIDTH
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_ssm_conv_kernel(KERNEL)
    writer.add_ssm_inner_size(inner)
    writer.add_ssm_state_size(STATE)
    writer.add_ssm_time_step_rank(RANK)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        add(block + "attn_norm.weight", WIDTH, shift=1)
        add(block + "ssm_in.weight", 2 * inner, WIDTH, scale=2)
        add(block + "ssm_conv1d.weight", inner, KERNEL)
        add(block + "ssm_conv1d.bias", inner)
        add(block + "ssm_x.weight", RANK + 2 * STATE, inner, scale=2)
        add(block + "ssm_dt.weight", inner, RANK)
        add(block + "ssm_dt.bias", inner)
        decay = -np.tile(np.arange(1, STATE + 1, dtype=np.float32) / STATE, (inner, 1))
        writer.add_tensor(block + "ssm_a", decay)
        add(block + "ssm_d", inner, shift=1)
        add(block + "ssm_out.weight", WIDTH, inner, scale=2)
    return model.close()


class _Model:
    """What both have."""

    def __init__(self, path: Path, architecture: str) -> None:
        self.path = path
        self.writer = GGUFWriter(path, architecture)
        self._random = np.random.default_rng(0)
        self.writer.add_block_count(LAYERS)
        self.writer.add_context_length(2048)
        self.writer.add_embedding_length(WIDTH)
        self.writer.add_layer_norm_rms_eps(1e-5)
        self._add_vocabulary()
        self.add("token_embd.weight", WORDS, WIDTH, scale=8)
        self.add("output_norm.weight", WIDTH, shift=1)
        self.add("output.weight", WORDS, WIDTH, scale=4)

    def add(self, name: str, *shape: int, scale: float = 1.0, shift: float = 0.0) -> None:
        """A tensor of random numbers."""
        numbers = shift + self._random.normal(0, scale / np.sqrt(shape[-1]), shape)
        self.writer.add_tensor(name, numbers.astype(np.float32))

    def close(self) -> Path:
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()
        return self.path

    def _add_vocabulary(self) -> None:
        words = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
        kinds = [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL, *[TokenType.BYTE] * 256]
        self.writer.add_tokenizer_model("llama")
        self.writer.add_token_list(words)
        self.writer.add_token_scores([0.0] * len(words))
        self.writer.add_token_types(kinds)
        self.writer.add_bos_token_id(1)
        self.writer.add_eos_token_id(2)
