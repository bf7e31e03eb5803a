"""The adapter that a training goes on from: its matrices, as transformers and peft name them.

The file is untrusted, as any on the disk.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from models.card import Card
from models.errors import ModelError, first_line
from models.finetune.export import gguf_name, returned
from models.gguf_header import Header, read_header

MOST_BYTES = 1 << 30


def rank_of(path: Path) -> int:
    """The rank of a LoRA adapter, 0 for an adapter of another kind. Raises ModelError."""
    header = read_header(path)
    if header.text("adapter.type") != "lora":
        return 0
    ranks = {t.shape[-1] for t in header.tensors if t.name.endswith(".lora_a")}
    return ranks.pop() if len(ranks) == 1 else 0


def read_adapter(
    path: Path, shapes: Mapping[str, tuple[int, ...]], alpha: float, card: Card
) -> dict[str, np.ndarray]:
    """The adapter's matrices of these names and shapes, float32, weighed for `alpha` / rank.

    Raises ModelError if it has others, or was made for another model.
    """
    header = read_header(path)
    try:
        return _read(header, shapes, alpha, card)
    except (KeyError, ValueError, TypeError, IndexError, OSError) as error:
        raise ModelError(
            f"{path} is no adapter that a training of this model could go on from: "
            f"{first_line(error)}. To begin with nothing, add: --afresh"
        ) from error


def _read(
    header: Header, shapes: Mapping[str, tuple[int, ...]], alpha: float, card: Card
) -> dict[str, np.ndarray]:
    from gguf import GGMLQuantizationType, GGUFReader

    if header.size > MOST_BYTES:
        raise ValueError(f"it has {header.size:,} bytes")
    # The header was read with care; what it says of the tensors lies within the file.
    reader = GGUFReader(header.path)
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    own = header.values["adapter.lora.alpha"]
    if not isinstance(own, float):
        raise ValueError(f"its alpha is {own!r}")
    weighed = own / alpha  # both over the same rank
    plain = (GGMLQuantizationType.F32, GGMLQuantizationType.F16)
    if any(tensor.tensor_type not in plain for tensor in tensors.values()):
        raise ValueError("its numbers are quantized")
    found = {}
    for name, shape in shapes.items():
        tensor = tensors[gguf_name(name)]
        matrix = returned(name, tensor.data.astype(np.float32), card)
        if matrix.shape != shape:
            raise ValueError(f"{tensor.name} has the shape {matrix.shape}, not {shape}")
        if not np.isfinite(matrix).all():
            raise ValueError(f"{tensor.name} holds what is no number")
        found[name] = matrix * weighed if ".lora_B." in name else matrix
    return found
