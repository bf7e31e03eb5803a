"""Prefill of the chat model as packaged, run as most programs would, against the tuned one.

As most programs would: `llama_cpp.Llama(path, n_ctx=2048)`, its own threads and batches, the
prompt read by `eval`. Tuned: the file and placement that `python models tune` recorded; where
nothing is recorded yet, that is done first. Between them stands the packaged file run by `Llama`
with the tuned number of threads: on a busy machine, threads alone can be most of the difference.
All read the same 1024 tokens, in turn. Prints a table, writes benchmarks/results/tuned.json.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from llama_cpp import Llama  # noqa: E402 - the other side of the comparison

from models.card import read_card  # noqa: E402
from models.engine.build import build  # noqa: E402
from models.engine.context import Context  # noqa: E402
from models.errors import KvasirError  # noqa: E402
from models.loaded import best_placement  # noqa: E402
from models.sample_text import SAMPLE  # noqa: E402
from models.settings import get_settings  # noqa: E402
from models.tune import tune  # noqa: E402
from models.tuning import cores, machine, tuned  # noqa: E402
from models.weights import find_weights  # noqa: E402

RESULTS = Path(__file__).resolve().parent / "results"
TOKENS = 1024
CONTEXT = 2048
GOAL = 2.5

Prefill = Callable[[Sequence[int]], None]


@dataclass(frozen=True)
class Row:
    """One way of running the model, and its prefills in tokens per second, in order."""

    way: str
    weights: str
    threads: int
    batch: int
    speeds: list[float]

    @property
    def best(self) -> float:
        """The fastest."""
        return max(self.speeds)

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.speeds)


def as_packaged(path: Path, threads: int | None = None) -> tuple[Row, Prefill]:
    """llama-cpp-python with its defaults, or with another number of threads."""
    llama = Llama(
        str(path), n_ctx=CONTEXT, n_threads=threads, n_threads_batch=threads, verbose=False
    )

    def prefill(tokens: Sequence[int]) -> None:
        llama.reset()
        llama.eval(tokens)

    way = "as packaged, threads as tuned" if threads else "as packaged"
    return Row(way, read_card(path).file_type, llama.n_threads_batch, llama.n_batch, []), prefill


def as_tuned(path: Path) -> tuple[Row, Prefill, list[int]]:
    """Kvasir's context, placed as it was tuned; and the tokens to read."""
    weights, placement = best_placement(path)
    context = Context(weights, placement)

    def prefill(tokens: Sequence[int]) -> None:
        context.remove(0)
        for start in range(0, len(tokens), context.batch_size):
            piece = tokens[start : start + context.batch_size]
            ends = start + len(piece) == len(tokens)
            last = len(piece) - 1
            context.decode(
                [(token, start + i, 0, ends and i == last) for i, token in enumerate(piece)]
            )
        context.logits(last)  # waits for the GPU, where there is one

    kind, threads = read_card(weights).file_type, placement.threads or cores()
    tokens = list(islice(cycle(context.tokenize(SAMPLE)), TOKENS))
    return Row("tuned", kind, threads, context.batch_size, []), prefill, tokens


def ensure_tuned(path: Path) -> None:
    """Tune the model unless that was done."""
    if tuned(path):
        return
    print("not tuned yet: python models tune", file=sys.stderr)

    def show(what: str, done: int, steps: int) -> None:
        print(f"  {done}/{steps} {what}", file=sys.stderr)

    print(tune(get_settings().model, quick=False, on_step=show).table(), end="\n\n")


def measure(path: Path, repetitions: int) -> list[Row]:
    """All ways in turn; a first prefill of each is not counted."""
    own, prefill, tokens = as_tuned(path)
    ways = [as_packaged(path), as_packaged(path, own.threads), (own, prefill)]
    for number in range(repetitions + 1):
        for row, prefill in ways:
            began = time.perf_counter()
            prefill(tokens)
            if number:
                row.speeds.append(len(tokens) / (time.perf_counter() - began))
    return [row for row, _ in ways]


def main() -> int:
    """Measure, print the table, keep it as JSON; 0, or 2 if the model cannot be run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--json", type=Path, default=RESULTS / "tuned.json", metavar="FILE")
    options = parser.parse_args()
    try:
        path = find_weights(get_settings().model)
        ensure_tuned(path)
        rows = measure(path, max(1, options.repetitions))
    except KvasirError as error:
        print(f"kvasir: {error}", file=sys.stderr)
        return 2
    own = rows[-1]
    ratios = [{"best": own.best / row.best, "median": own.median / row.median} for row in rows[:-1]]
    print(f"{path.name}, {TOKENS} tokens of prompt, {machine()}, llama-cpp-python {build()}")
    print("| way | weights | threads | batch | best t/s | median t/s | tuned is faster by |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for row, ratio in zip(rows, [*ratios, None], strict=True):
        faster = f"×{ratio['best']:.2f} (medians ×{ratio['median']:.2f})" if ratio else ""
        print(
            f"| {row.way} | {row.weights} | {row.threads} | {row.batch} "
            f"| {row.best:.0f} | {row.median:.0f} | {faster} |"
        )
    print(f"the goal of ×{GOAL} is {'met' if ratios[0]['best'] >= GOAL else 'missed'}")
    found = {
        "model": path.name,
        "machine": machine(),
        "build": build(),
        "tokens": TOKENS,
        "rows": [{**asdict(row), "best": row.best, "median": row.median} for row in rows],
        "ratios": ratios,
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(found, indent=1), "utf-8")
    return 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
