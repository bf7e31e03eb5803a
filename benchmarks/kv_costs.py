"""What moving saved KV costs, by the size of the context: measured on the bare context.

llama.cpp moves cells (RoPE shift) at the next decode, and walks its whole key cache for it:
hence the first decode after a shift is compared with the one that follows it.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from engine_setup import Loading, note, print_table

from models.engine.context import Context
from models.engine.fused import Mixture
from models.engine.prompt import Prompt
from models.engine.request import log_probability
from models.engine.sampler import Sampler
from models.engine.sampling import Sampling

HEAD = (
    "context",
    "passage tokens",
    "restore",
    "copy",
    "decode of 1 token",
    "the same after a restore",
    "after restore and shift",
    "the shift alone",
)
SOURCE, SPARE, TARGET = 0, 1, 2  # sequences


@dataclass(frozen=True)
class Cost:
    """Medians, in seconds: of one passage of `tokens` tokens, in a context of `context`."""

    context: int
    tokens: int
    restore_s: float
    copy_s: float
    decode_s: float  # of one token
    first_decode_s: float  # of one token, after a restore without a shift
    shifted_decode_s: float  # of one token, after a restore and a shift

    @property
    def parts(self) -> tuple[float, ...]:
        """The seconds, as the table shows them."""
        return (
            self.restore_s,
            self.copy_s,
            self.decode_s,
            self.first_decode_s,
            self.shifted_decode_s,
            self.shift_s,
        )

    @property
    def shift_s(self) -> float:
        """What the shift adds to the decode after it, beyond what the restore adds."""
        return self.shifted_decode_s - self.first_decode_s


def kv_costs(
    loading: Loading, prompt: Prompt, contexts: Sequence[int], repetitions: int
) -> list[Cost]:
    """Measure each size of context that the model was trained for and the passage fits into."""
    costs = []
    for size in contexts:
        context = Context(loading.weights, replace(loading.placement, context=size))
        try:
            if context.size < size:
                note(f"context {size} passed over: the model was trained for {context.size}")
            elif size < _cells(prompt):
                note(f"context {size} passed over: {_cells(prompt)} tokens are to be in it")
            else:
                costs.append(_costs(context, prompt, repetitions))
        finally:
            context.close()
    return costs


def _cells(prompt: Prompt) -> int:
    """The passage twice behind the prompt's start, and two tokens."""
    return len(prompt.prefix) + 2 * len(prompt.passages[0]) + 2


def _costs(context: Context, prompt: Prompt, repetitions: int) -> Cost:
    prefix, passage, token = prompt.prefix, prompt.passages[0], prompt.suffix[0]
    start, end = len(prefix), len(prefix) + len(passage)
    _decode(context, [*prefix, *passage], 0, SOURCE)
    context.copy(SOURCE, SPARE, start, end)
    blob = context.save(SPARE)
    restores: list[float] = []
    copies: list[float] = []
    decodes: list[float] = []
    firsts: dict[int, list[float]] = {0: [], len(passage): []}  # by how far it was moved
    for _ in range(repetitions):
        for delta in firsts:  # in its own place; behind the passage that is there
            began = time.perf_counter()
            if not context.restore(SPARE, blob):
                raise RuntimeError("llama.cpp did not take its own state back")
            restored = time.perf_counter()
            context.copy(SOURCE, TARGET, 0, start + delta)
            if delta:
                context.shift(SPARE, start, end, delta)
            context.copy(SPARE, TARGET, start + delta, end + delta)
            copied = time.perf_counter()
            _decode(context, [token], end + delta, TARGET)
            first = time.perf_counter()
            _decode(context, [token], end + delta + 1, TARGET)
            second = time.perf_counter()
            restores.append(restored - began)
            copies.append(copied - restored)
            firsts[delta].append(first - copied)
            decodes.append(second - first)
            context.remove(TARGET)
            context.remove(SPARE)
    medians = map(statistics.median, (restores, copies, decodes, *firsts.values()))
    return Cost(context.size, len(passage), *medians)


def _decode(context: Context, tokens: Sequence[int], position: int, sequence: int) -> None:
    for start in range(0, len(tokens), context.batch_size):
        piece = tokens[start : start + context.batch_size]
        rows = [
            (token, position + start + row, sequence, row + 1 == len(piece))
            for row, token in enumerate(piece)
        ]
        context.decode(rows)
        context.logits(len(piece) - 1)  # waits for the GPU, where there is one


def choosing_costs(loading: Loading, streams: Sequence[int], repetitions: int) -> dict[str, float]:
    """Seconds for what is done with logits outside of llama.cpp, by what it is."""
    context = Context(loading.weights, replace(loading.placement, context=512))
    sampler = Sampler(context.model, Sampling())
    shape = (max(streams), context.model.vocabulary_size)
    logits = list(np.random.default_rng(7).normal(0, 3, shape).astype(np.float32))
    costs = {
        "the log-probability of one question token": _median(
            lambda: log_probability(logits[0], 7), repetitions
        )
    }
    try:
        for count in streams:

            def choose(count: int = count) -> None:
                sampler.sample(Mixture(np.zeros(count)).mix(logits[:count]))

            name = f"a token from {count} passages' mixture" if count > 1 else "a token from one"
            costs[name] = _median(choose, repetitions)
    finally:
        sampler.close()
        context.close()
    return costs


def _median(step: Callable[[], object], repetitions: int) -> float:
    times = []
    for _ in range(repetitions):
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def print_costs(costs: Sequence[Cost], choosing: dict[str, float]) -> None:
    """Both as tables, in milliseconds."""
    print_table(
        "Saved KV put back, one passage (milliseconds, medians). llama.cpp moves cells at the next "
        "decode, all passages at once",
        HEAD,
        [
            [cost.context, cost.tokens, *(f"{1000 * part:.2f}" for part in cost.parts)]
            for cost in costs
        ],
    )
    print_table(
        "What is done with logits outside of llama.cpp (milliseconds, medians)",
        ["what", "time"],
        [[what, f"{1000 * seconds:.2f}"] for what, seconds in choosing.items()],
    )
