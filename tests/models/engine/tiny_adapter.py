"""LoRA adapters of rank one with random weights, for the bundled model's shapes or others."""

from pathlib import Path

import numpy as np
from gguf import GGUFWriter

WIDTH, WIDE, LAYERS = 576, 1536, 30  # the bundled model's


def write_adapter(
    path: Path,
    seed: int = 0,
    *,
    scale: float = 3.0,
    width: int = WIDTH,
    layer: int = 0,
    kind: str = "adapter",
) -> Path:
    """An adapter of some layers' queries, and of what their feed-forward parts give."""
    random = np.random.default_rng(seed)
    writer = GGUFWriter(path, "llama")
    writer.add_type(kind)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 1.0)

    def add(name: str, outputs: int, inputs: int, size: float) -> None:
        first = random.normal(0, 1 / np.sqrt(inputs), (1, inputs)).astype(np.float32)
        second = random.normal(0, size, (outputs, 1)).astype(np.float32)
        writer.add_tensor(f"{name}.weight.lora_a", first)
        writer.add_tensor(f"{name}.weight.lora_b", second)

    for number in (layer, layer + 10, layer + 20):
        add(f"blk.{number}.attn_q", width, width, scale)
        add(f"blk.{number}.ffn_down", width, WIDE, 5 * scale)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
