"""What of a model fits into a machine's memory: context, type of the KV cache, layers on the GPU.

Pure arithmetic over a card and a machine: nothing is loaded, nothing is measured. It follows how
llama.cpp lays a model out: the output goes to the GPU first, then the layers from the last one
on, the embeddings never; a layer's KV cache lies beside its weights; several GPUs share the
layers by their free memory.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import accumulate
from typing import Any

from models.card import Card
from models.errors import ModelError
from models.machine import Gpu, Machine, in_units

# Numbers per block and bytes per block, as in llama.cpp's ggml-common.h.
KV_TYPES = {"f32": (1, 4), "f16": (1, 2), "bf16": (1, 2), "q8_0": (32, 34), "q4_0": (32, 18)}
CHOSEN_TYPES = ("f16", "q8_0")  # best first; q4_0 costs quality and is only used when asked for
LEAST_CONTEXT = 512
UNKNOWN_CONTEXT = 8192  # where neither the file nor the settings say how long it may be
CELLS = 256  # llama.cpp rounds the context up to a multiple
RESERVE = 512 << 20  # for Python and the embedder on the host, for the driver on each GPU


@dataclass(frozen=True)
class Work:
    """What the engine does at a time: conversations, tokens in one decode call, and how."""

    conversations: int = 1
    batch: int = 256
    flash_attention: bool = True


@dataclass(frozen=True)
class Plan:
    """How a model is to be run. `context` is in tokens, for each of the `conversations`.

    `gpu_layers` counts the output as one more layer, as llama.cpp does; all of them are
    `all_layers`. `host_bytes` and `gpu_bytes` (per GPU) are weights, KV cache and what is
    needed beside them. `reason` is one sentence.
    """

    context: int
    conversations: int
    kv_type: str
    gpu_layers: int
    all_layers: int
    kv_bytes: int
    host_bytes: int
    gpu_bytes: tuple[int, ...]
    fits: bool
    reason: str

    def as_json(self) -> dict[str, Any]:
        """The plan in plain types."""
        return asdict(self)


def plan(
    card: Card,
    machine: Machine,
    *,
    context: int | None = None,
    at_most: int | None = None,
    kv_type: str | None = None,
    work: Work = Work(),
) -> Plan:
    """The best way to run the model here.

    A `context` that is asked for is kept, even if it does not fit. Otherwise the longest that
    fits is taken, up to `at_most` and to what the model was trained for. Then the whole model on
    the GPU comes first, then f16 before q8_0, then as many layers on the GPU as fit. Raises
    ModelError if the KV type cannot be used with the model.
    """
    kinds = [kv_type] if kv_type else [kind for kind in CHOSEN_TYPES if suits(card, kind)]
    sizes = [context] if context else contexts(card, at_most)
    for size in sorted(sizes, reverse=True):
        found = [place(card, machine, size, kind, work) for kind in kinds]
        if fitting := [each for each in found if each.fits]:
            best = max(fitting, key=lambda each: each.gpu_layers == each.all_layers)
            break
    else:
        best = found[-1]  # what it lacks is the least
    return best if best.context <= (card.context or best.context) else _too_long(best, card)


def contexts(card: Card, at_most: int | None = None) -> list[int]:
    """The sizes to choose from: 512, its doublings, and the longest that the model may have."""
    longest = min((size for size in (card.context, at_most) if size), default=UNKNOWN_CONTEXT)
    doublings = [LEAST_CONTEXT << step for step in range(24)]
    return [*(size for size in doublings if size < longest), longest]


def place(card: Card, machine: Machine, context: int, kv_type: str, work: Work = Work()) -> Plan:
    """The plan with this context and KV type that puts the most layers on the GPU."""
    cells = -(-context * work.conversations // CELLS) * CELLS
    kv = [cells * size for size in _kv_bytes(card, kv_type)]
    beside = RESERVE + _working_bytes(card, cells, kv_type, work)
    placements = list(_placements(card, machine.gpus, kv, beside))
    shared = [gpu.shares_host for gpu in machine.gpus]

    def needed(placement: _Placement) -> int:
        on_host = [size for size, shares in zip(placement.gpus, shared, strict=True) if shares]
        return placement.host + sum(on_host)

    fitting = [each for each in placements if needed(each) <= machine.available]
    best = (fitting or placements)[0]
    return Plan(
        context=context,
        conversations=work.conversations,
        kv_type=kv_type,
        gpu_layers=best.layers,
        all_layers=card.layers + 1,
        kv_bytes=sum(kv),
        host_bytes=best.host,
        gpu_bytes=best.gpus,
        fits=bool(fitting),
        reason=_reason(best, card.layers + 1, machine, needed(best)),
    )


def kv_bytes_per_token(card: Card, kv_type: str) -> int:
    """What one token adds to the KV cache: the sum over the layers of

    KV heads · (length of a key + length of a value) · bytes per number,

    with 4 bytes per number for f32, 2 for f16 and bf16, 34/32 for q8_0, 18/32 for q4_0. Raises
    ModelError if the type is unknown or its blocks do not divide the model's heads.
    """
    return sum(_kv_bytes(card, kv_type))


def suits(card: Card, kv_type: str) -> bool:
    """Whether the blocks of the KV type divide the model's heads, as llama.cpp demands."""
    block = KV_TYPES[kv_type][0]
    attention = card.attention
    lengths = (attention.key_length, attention.value_length)
    return not any(length % block for length in (*lengths, *sum(attention.kv_width, ())))


def _kv_bytes(card: Card, kv_type: str) -> list[int]:
    """Bytes per token in each layer's cache."""
    if kv_type not in KV_TYPES:
        raise ModelError(f"there is no KV type {kv_type}. Use one of {', '.join(KV_TYPES)}.")
    block, size = KV_TYPES[kv_type]
    if not suits(card, kv_type):
        raise ModelError(
            f"the KV type {kv_type} has blocks of {block}, which do not divide the heads of "
            f"{card.name}: they are {card.attention.key_length} long. Use f16."
        )
    return [(keys // block + values // block) * size for keys, values in card.attention.kv_width]


def _working_bytes(card: Card, cells: int, kv_type: str, work: Work) -> int:
    """Memory that computing takes, wherever there are layers.

    For each token of a batch: its logits twice (computed, and kept for the caller), the
    activations of one layer, the attention mask, and the scores of all heads unless flash
    attention does without them. Quantized keys are widened for a shift, one layer at a time.
    """
    attention = card.attention
    numbers = 2 * card.vocabulary + 4 * card.embedding + 3 * max(card.feed_forward)
    masked = 6 if work.flash_attention else 6 + 4 * max(attention.heads)
    widest = max(keys for keys, _ in attention.kv_width)
    shifted = 4 * widest if KV_TYPES[kv_type][0] > 1 else 0
    return work.batch * (4 * numbers + cells * masked) + cells * shifted


@dataclass(frozen=True)
class _Placement:
    """How many layers go to the GPUs, and what that takes of the host and of each GPU."""

    layers: int
    host: int
    gpus: tuple[int, ...]


def _placements(
    card: Card, gpus: Sequence[Gpu], kv: Sequence[int], beside: int
) -> Iterator[_Placement]:
    """Every number of layers that the GPUs hold, the most first; at last none."""
    weights = card.weights
    layers = [own + cache for own, cache in zip(weights.layers, kv, strict=True)]
    sums = [0, *accumulate([*layers, weights.output + weights.tied])]  # of the first so many
    everywhere = weights.input + beside
    for count in range(len(sums) - 1, 0, -1):
        first = len(sums) - 1 - count
        loads = []
        for start, end in _shares(gpus, count):
            load = sums[first + end] - sums[first + start]
            loads.append(load + beside if end > start else 0)
        if loads and all(load <= gpu.free for load, gpu in zip(loads, gpus, strict=True)):
            yield _Placement(count, everywhere + sums[first], tuple(loads))
    yield _Placement(0, everywhere + sum(layers) + weights.output, (0,) * len(gpus))


def _shares(gpus: Sequence[Gpu], count: int) -> list[tuple[int, int]]:
    """Which of `count` layers each GPU gets: llama.cpp divides them by free memory."""
    free = sum(gpu.free for gpu in gpus)
    if not free:
        return []
    ends = [math.ceil(held * count / free) for held in accumulate(gpu.free for gpu in gpus)]
    return list(zip([0, *ends[:-1]], ends, strict=True))


def _too_long(best: Plan, card: Card) -> Plan:
    return replace(
        best,
        fits=False,
        reason=f"the model was trained for {card.context:,} tokens, not for {best.context:,}",
    )


def _reason(best: _Placement, all_layers: int, machine: Machine, needed: int) -> str:
    if needed > machine.available:
        return (
            f"it needs {in_units(needed)} of memory and {in_units(machine.available)} are "
            "available: less context, a smaller KV type or a smaller quantization would help"
        )
    if not machine.gpus:
        return "it fits into memory; there is no GPU that this build of llama.cpp can use"
    if best.layers == all_layers:
        return "the whole model fits on the GPU"
    if best.layers:
        return f"{best.layers} of {all_layers} layers fit on the GPU, the others into memory"
    return "no layer fits on the GPU; the model fits into memory"
