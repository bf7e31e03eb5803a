"""The mean of LoRA adapters of one model: where they learnt different things, it errs least.

What each adds to a layer is the product of its two matrices; the products' mean is cut back to a
rank by its singular values. Wortsman et al., 2203.05482, for whole models. It knows no lessons.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from gguf import GGUFReader

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from models.card import Card  # noqa: E402
from models.errors import ModelError  # noqa: E402
from models.finetune.export import draft  # noqa: E402
from models.gguf_header import read_header  # noqa: E402


def write_mean(paths: Sequence[Path], rank: int, alpha: float, card: Card, target: Path) -> float:
    """Write the adapters' mean as one of this rank; the largest share of a layer's squares lost.

    `alpha` / `rank` is what the file is weighed by when it is read. Raises ModelError.
    """
    readers = [GGUFReader(path) for path in paths]
    files = [{tensor.name: tensor.data for tensor in reader.tensors} for reader in readers]
    alphas = [_alpha(path) for path in paths]
    lost = 0.0
    with draft(target, card, "lora") as writer:
        writer.add_float32("adapter.lora.alpha", alpha)
        for name in (name.removesuffix(".lora_a") for name in files[0] if name.endswith("_a")):
            inner, outer = [], []
            for file, own in zip(files, alphas, strict=True):
                a, b = (file[f"{name}.lora_{end}"].astype(np.float64) for end in "ab")
                inner.append(a)
                outer.append(b * (own / len(a) / len(files)))
            a, b, gone = _cut(np.concatenate(inner), np.concatenate(outer, axis=1), rank)
            lost = max(lost, gone)
            writer.add_tensor(f"{name}.lora_a", np.ascontiguousarray(a, np.float16))
            writer.add_tensor(f"{name}.lora_b", np.ascontiguousarray(b * rank / alpha, np.float16))
    return lost


def _alpha(path: Path) -> float:
    """What an adapter is weighed by, times its rank."""
    found = read_header(path).values.get("adapter.lora.alpha")
    if not isinstance(found, float):
        raise ModelError(f"{path} is no LoRA adapter")
    return found


def _cut(a: np.ndarray, b: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Matrices of this rank whose product b a is nearest, and the share of its squares lost."""
    right, r = np.linalg.qr(a.T)
    left, l_ = np.linalg.qr(b)
    u, values, v = np.linalg.svd(l_ @ r.T)
    roots = np.sqrt(values[:rank])
    lost = 1 - float((values[:rank] ** 2).sum() / (values**2).sum())
    return roots[:, None] * (v[:rank] @ right.T), (left @ u[:, :rank]) * roots, lost
