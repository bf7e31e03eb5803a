"""How fast a model runs in one configuration, and how well it foretells a text.

Both run in a process of their own (models.child): a crash costs one figure, and memory is free
again afterwards. It does not know what is compared, or why.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.child import Note, in_child
from models.sample_text import SAMPLE

if TYPE_CHECKING:
    from models.engine.context import Context

_WARM = 32  # tokens that bring the weights in from the disk before the clock starts
_LEAST = 512  # tokens of context: llama.cpp wants room for a batch
_BATCH = 128  # tokens whose logits are kept at once, for the loss


@dataclass(frozen=True)
class Configuration:
    """One way to run a model; flash attention None leaves it to llama.cpp."""

    weights: Path
    kind: str
    gpu_layers: int
    threads: int
    batch: int
    flash_attention: bool | None = None
    kv_type: str = "f16"


@dataclass(frozen=True)
class Speed:
    """Tokens per second: of a prompt, and of an answer."""

    prefill: float
    decode: float


def speed(
    configuration: Configuration, prompt: int, answer: int, timeout: float | None = None
) -> Speed:
    """Time a prompt and an answer of so many tokens. Raises ModelError if it cannot be run."""
    request = _request(configuration) | {"prompt": prompt, "answer": answer}
    return Speed(**in_child(_speed, request, timeout=timeout))


def loss(configuration: Configuration, timeout: float | None = None) -> float:
    """The mean negative log-likelihood of a token of the sample text, in nats.

    Comparable between quantizations of one model, not between models. Raises ModelError.
    """
    return float(in_child(_loss, _request(configuration), timeout=timeout))


def _request(configuration: Configuration) -> dict[str, Any]:
    return {**asdict(configuration), "weights": str(configuration.weights)}


# ---- in the child


def _speed(request: dict[str, Any], _note: Note) -> dict[str, float]:
    prompt, answer = request["prompt"], request["answer"]
    context = _open(request, max(prompt + answer, _LEAST))
    tokens = list(islice(cycle(_sample(context)), prompt + answer))
    _decode(context, tokens[: min(_WARM, prompt)], 0)
    context.remove(0)

    began = time.perf_counter()
    for start in range(0, prompt, context.batch_size):
        _decode(context, tokens[start : min(start + context.batch_size, prompt)], start)
    prefilled = time.perf_counter()
    for position in range(prompt, prompt + answer):
        _decode(context, [tokens[position]], position)
    done = time.perf_counter()
    context.close()
    return {"prefill": prompt / (prefilled - began), "decode": answer / (done - prefilled)}


def _loss(request: dict[str, Any], _note: Note) -> float:
    import numpy as np

    context = _open({**request, "batch": _BATCH}, 2048)
    tokens = _sample(context)[: context.size]
    total = 0.0
    for start in range(0, len(tokens) - 1, context.batch_size):
        piece = tokens[start : start + context.batch_size]
        _decode(context, piece, start, every=True)
        for row, target in enumerate(tokens[start + 1 : start + 1 + len(piece)]):
            logits = context.logits(row).astype(np.float64)
            top = logits.max()
            total -= logits[target] - top - math.log(np.exp(logits - top).sum())
    context.close()
    return float(total / (len(tokens) - 1))


def _open(request: dict[str, Any], size: int) -> "Context":
    from models.engine.context import Context, Placement

    return Context(
        Path(request["weights"]),
        Placement(
            context=size,
            gpu_layers=request["gpu_layers"],
            threads=request["threads"],
            batch=request["batch"],
            flash_attention=request["flash_attention"],
            kv_type=request["kv_type"],
        ),
    )


def _sample(context: "Context") -> list[int]:
    model = context.model
    start = model.tokenize(model.special("bos"), special=True) if model.adds_bos else []
    return [*start, *model.tokenize(SAMPLE)]


def _decode(
    context: "Context", tokens: Sequence[int], position: int, *, every: bool = False
) -> None:
    last = len(tokens) - 1
    rows = [(token, position + row, 0, every or row == last) for row, token in enumerate(tokens)]
    context.decode(rows)
    context.logits(last)  # waits for the GPU, where there is one
