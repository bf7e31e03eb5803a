"""Several conversations at once: how much faster than one after the other, and who waits.

The same prompts are answered one at a time and all at once, the prompts' KV being in the cache,
so that the figures are those of decoding. Then a long prompt comes while four answers are being
written, and a short one behind it: how long did any of the four stand still, and how long did the
short one wait? Prints tables, writes benchmarks/results/conversations.json.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from engine_setup import (
    Answer,
    add_weights_option,
    chat_prompt,
    forget,
    loading,
    note,
    print_table,
    read_answer,
    read_articles,
    save_results,
)
from long_prompt import RUNNING, long_text, print_waits, waits

from models.engine.engine import Engine
from models.engine.prompt import Prompt
from models.engine.sampling import Sampling

GOAL = 1.5  # times the tokens per second of one at a time, with eight at once, on a CPU
TOPICS = [
    "the life of a lighthouse keeper",
    "how bread is made, from the field to the table",
    "a journey by train through the mountains",
    "the history of the bicycle",
    "a day in a busy harbour",
    "how to plant and keep a vegetable garden",
    "two friends who build a boat",
    "the seasons in a northern forest",
]


@dataclass(frozen=True)
class Throughput:
    """Tokens of all answers and the seconds they took, one at a time and all at once."""

    conversations: int
    tokens_alone: int
    alone_s: float
    tokens_together: int
    together_s: float

    @property
    def alone(self) -> float:
        """Tokens per second, one at a time."""
        return self.tokens_alone / self.alone_s

    @property
    def together(self) -> float:
        """Tokens per second of all at once."""
        return self.tokens_together / self.together_s


def throughput(
    engine: Engine, prompts: Sequence[Prompt], tokens: int, *, together_first: bool
) -> Throughput:
    """One comparison."""
    sampling = Sampling(max_tokens=tokens, lookup=False)

    def alone() -> tuple[int, float]:
        _fill(engine, prompts)
        began = time.perf_counter()
        answers = [read_answer(engine.generate(prompt, sampling)) for prompt in prompts]
        return _tokens(answers), time.perf_counter() - began

    def together() -> tuple[int, float]:
        _fill(engine, prompts)
        with ThreadPoolExecutor(len(prompts)) as pool:
            began = time.perf_counter()
            streams = [engine.generate(prompt, sampling) for prompt in prompts]
            answers = list(pool.map(read_answer, streams))
            return _tokens(answers), time.perf_counter() - began

    if together_first:
        at_once = together()
        return Throughput(len(prompts), *alone(), *at_once)
    return Throughput(len(prompts), *alone(), *together())


def _fill(engine: Engine, prompts: Sequence[Prompt]) -> None:
    """Have these prompts in the cache and nothing else."""
    forget(engine)
    for prompt in prompts:
        read_answer(engine.generate(prompt, Sampling(max_tokens=1)))


def _tokens(answers: Sequence[Answer]) -> int:
    return sum(answer.finish.completion_tokens for answer in answers)


def print_throughput(found: Sequence[Throughput]) -> None:
    """A row for each number of conversations."""
    rows = []
    for count in dict.fromkeys(one.conversations for one in found):
        runs = [one for one in found if one.conversations == count]
        ratio = statistics.median(one.together / one.alone for one in runs)
        goal = f"×{GOAL}: {'met' if ratio >= GOAL else 'missed'}" if count == len(TOPICS) else ""
        alone = statistics.median(one.alone for one in runs)
        together = statistics.median(one.together for one in runs)
        rows.append([count, f"{alone:.1f}", f"{together:.1f}", f"×{ratio:.2f}", goal])
    print_table(
        "Tokens per second of all conversations together, medians",
        ["conversations", "one at a time", "at once", "ratio", "goal on a CPU"],
        rows,
    )


def main() -> int:
    """Measure and print; 0, also where the texts are absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_weights_option(parser)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument(
        "--conversations", type=int, nargs="*", choices=range(1, 9), default=[1, 2, 4, 8]
    )
    parser.add_argument("--tokens", type=int, default=64, help="of an answer")
    parser.add_argument("--long", type=int, default=1500, help="tokens of the long prompt")
    options = parser.parse_args()
    articles = read_articles("en")
    if not articles:
        return 0
    load = loading(options.weights)
    engine = load.engine()
    prompts = [
        chat_prompt(engine.model, f"Write a long and detailed text about {topic}.")
        for topic in TOPICS
    ]
    long = chat_prompt(engine.model, long_text(engine, articles, options.long))
    short = chat_prompt(engine.model, "What is the capital of France?")
    speeds, stalls = [], []
    for number in range(options.repetitions):
        for count in options.conversations:
            swapped = bool(number % 2)
            speeds.append(
                throughput(engine, prompts[:count], options.tokens, together_first=swapped)
            )
        stalls.append(waits(engine, prompts[:RUNNING], long, short))
        note(f"repetition {number + 1} of {options.repetitions}")
    engine.close()
    print(f"{load}; {options.repetitions} repetitions")
    print_throughput(speeds)
    print_waits(stalls)
    raw = {"speeds": [asdict(one) for one in speeds], "waits": [asdict(one) for one in stalls]}
    save_results("conversations", {"run": str(load), **raw})
    return 0


if __name__ == "__main__":
    sys.exit(main())
