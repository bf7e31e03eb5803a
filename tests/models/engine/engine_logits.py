"""The engine's logits, decoded by hand, and how far they are from others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from llama_file import Floats

from models.engine.context import Context, Placement, Row

# All in float32, without the f16 that flash attention adds up in: nothing is rounded on the way.
FLOAT32 = Placement(context=1024, gpu_layers=0, threads=1, flash_attention=False, kv_type="f32")
USUAL = Placement(context=1024, gpu_layers=0, threads=1)


@dataclass(frozen=True)
class Run:
    """An engine, and how far its logits may be from the oracle's: several times what was seen."""

    context: Context
    tolerance: float


def rows(tokens: Sequence[int], start: int = 0, sequence: int = 0) -> list[Row]:
    return [(token, start + index, sequence, True) for index, token in enumerate(tokens)]


def decode(context: Context, batch: Sequence[Row]) -> Floats:
    """The logits behind each row, decoded in as many calls as it takes."""
    found = []
    for start in range(0, len(batch), context.batch_size):
        part = batch[start : start + context.batch_size]
        assert context.decode(part)
        found += [context.logits(index).copy() for index in range(len(part))]
    return np.array(found)


def distance(found: Floats, expected: Floats) -> float:
    """The standard deviation of the differences, as a share of that of the logits.

    Each row is centred first: logits mean nothing but by their differences.
    """
    found = found - found.mean(axis=-1, keepdims=True)
    expected = expected - expected.mean(axis=-1, keepdims=True)
    return float((found - expected).std() / expected.std())


def divergence(found: Floats, expected: Floats) -> float:
    """KL(expected ‖ found) in nats, the mean over the rows."""
    theirs, ours = _log_probabilities(expected), _log_probabilities(found)
    return float((np.exp(theirs) * (theirs - ours)).sum(axis=-1).mean())


def same_choices(found: Floats, expected: Floats, share: float) -> bool:
    """Whether the best token is the same wherever it leads by five times what may differ.

    `share` is what may differ, as `distance` gives it. False, too, if fewer than a third of the
    rows have such a lead: then too little was compared.
    """
    best = np.sort(expected, axis=-1)
    spread = (expected - expected.mean(axis=-1, keepdims=True)).std()
    clear = best[:, -1] - best[:, -2] > 5 * share * spread
    same = found.argmax(axis=-1) == expected.argmax(axis=-1)
    return bool(same[clear].all() and clear.mean() > 1 / 3)


def _log_probabilities(logits: Floats) -> Floats:
    below = logits - logits.max(axis=-1, keepdims=True)
    return below - np.log(np.exp(below).sum(axis=-1, keepdims=True))
