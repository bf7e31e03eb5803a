"""Time to the first token of an answer over passages, by how they are read.

The engine computes everything anew, or takes the passages' KV from blobs (in memory, on the disk)
or from where it still lies in its cache; beside it ChatLlamaCpp of langchain-community, which is
how a LangChain program runs the packaged model. A repetition asks another question about other
passages, in every way, the ways' order rotating; times are a caller's, from messages to the first
text. Prints tables, writes benchmarks/results/first_token.json.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine_setup import (
    Article,
    Loading,
    add_weights_option,
    answer_prompt,
    loading,
    note,
    print_table,
    read_articles,
    save_results,
)
from first_token_ways import (
    CHAT,
    CONTEXT,
    FULL,
    FUSED,
    SPLICE,
    WAYS,
    Bench,
    Case,
    Timing,
    Way,
    material,
)
from kv_costs import choosing_costs, kv_costs, print_costs

from chains.language import Language
from models.engine.engine import PromptTooLong

GOALS = [  # passages, way, compared with, how many times as soon
    (4, FUSED, FULL, 6),
    (4, SPLICE, FULL, 8),
    (12, SPLICE, FULL, 15),
    (4, FUSED, CHAT, 10),
]

NUMBER_HEAD = (
    "passages",
    "way",
    "seconds",
    "than all computed",
    "than ChatLlamaCpp",
    "prompt tokens",
    "of them computed",
)
PARTS_HEAD = (
    "passages",
    "way",
    "messages to tokens",
    "queue and hand-over",
    "restoring blobs",
    "computing",
)

Timings = dict[Case, dict[str, list[Timing]]]


def ratio(slow: Sequence[Timing], fast: Sequence[Timing]) -> float:
    """How many times as soon, the median over repetitions."""
    pairs = zip(slow, fast, strict=True)
    return statistics.median(one.seconds / other.seconds for one, other in pairs)


def shown(times: float) -> str:
    """A ratio for a table."""
    return f"×{times:.1f}" if times >= 1 else f"×{times:.2f}"


def measure(
    load: Loading,
    cases: Sequence[tuple[Case, Sequence[Way]]],
    articles: Sequence[Article],
    options: argparse.Namespace,
) -> Timings:
    """Every case in its ways; cases of one context share an engine."""
    timings: Timings = {}
    for context in dict.fromkeys(case.context for case, _ in cases):
        engine = load.engine(context)
        if engine.context_size < context:
            note(f"context {context} passed over: the model was trained for {engine.context_size}")
        else:
            with tempfile.TemporaryDirectory() as folder:
                bench = Bench(engine, load.source, Path(folder), options.language)
                for case, ways in [pair for pair in cases if pair[0].context == context]:
                    try:
                        timings[case] = bench.run(case, ways, articles, options.repetitions)
                    except PromptTooLong as error:
                        note(f"{case} passed over: {error}")
        engine.close()
    return timings


def print_number(timings: Timings, cases: Sequence[Case]) -> None:
    """By the number of passages, in every way."""
    rows = []
    for case in [case for case in cases if case in timings]:
        found = timings[case]
        for name, times in found.items():
            prompt = statistics.median(t.prompt_tokens for t in times)
            fresh = statistics.median(t.prompt_tokens - t.reused_tokens for t in times)
            rows.append(
                [
                    case.passages,
                    name,
                    f"{statistics.median(t.seconds for t in times):.3f}",
                    shown(ratio(found[FULL.name], times)),
                    shown(ratio(found[CHAT.name], times)),
                    f"{prompt:.0f}" if prompt else "",
                    f"{fresh:.0f}" if prompt else "",
                ]
            )
    print_table(
        "Time to the first token. Times as soon: medians of the ratios within a repetition. Fused "
        "counts the question once for each passage",
        NUMBER_HEAD,
        rows,
    )


def print_parts(timings: Timings, cases: Sequence[Case]) -> None:
    """Where the engine's time goes."""
    rows = []
    for case in [case for case in cases if case in timings]:
        for name, times in timings[case].items():
            if any(t.prompt_tokens for t in times):
                rest = [t.engine_s - t.restore_s for t in times]
                around = [t.seconds - t.build_s - t.engine_s for t in times]
                parts = [[t.build_s for t in times], around, [t.restore_s for t in times], rest]
                medians = [f"{1000 * statistics.median(part):.1f}" for part in parts]
                rows.append([case.passages, name, *medians])
    print_table(
        "Where it goes (milliseconds, medians). The last holds the question's tokens behind every "
        "passage, shifts, reading blobs from the disk, and choosing the token",
        PARTS_HEAD,
        rows,
    )


def print_growth(timings: Timings, cases: Sequence[Case], title: str) -> None:
    """Seconds of each way, a row for each case."""
    cases = [case for case in cases if case in timings]
    if not cases:
        return
    names = list(timings[cases[0]])
    rows = []
    for case in cases:
        full = timings[case][FULL.name]
        seconds = [
            f"{statistics.median(t.seconds for t in timings[case][name]):.3f}"
            f" ({shown(ratio(full, timings[case][name]))})"
            for name in names
        ]
        tokens = statistics.median(t.prompt_tokens for t in full)
        rows.append([case.passages, f"{tokens:.0f}", case.context, *seconds])
    print_table(title, ["passages", "prompt tokens", "context", *names], rows)


def print_goals(timings: Timings) -> None:
    """What was aimed at, and what came of it."""
    rows = []
    for passages, way, other, goal in GOALS:
        found = timings.get(Case(passages, 0, CONTEXT))
        if found:
            times = ratio(found[other.name], found[way.name])
            met = "met" if times >= goal else "missed"
            rows.append([passages, way.name, other.name, f"×{goal}", shown(times), met])
    if rows:
        print_table("Goals", ["passages", "way", "against", "goal", "measured", ""], rows)


def print_moving(
    load: Loading, articles: Sequence[Article], contexts: Sequence[int], options: argparse.Namespace
) -> dict[str, Any]:
    """The parts that the engine does not time itself; returns them for the JSON file."""
    engine = load.engine(512)
    asked = material(engine, articles, Case(1, 0, CONTEXT), 0)
    prompt = answer_prompt(engine.model, asked.question, asked.passages, options.language)
    engine.close()
    costs = kv_costs(load, prompt, contexts, 3 * options.repetitions)
    choosing = choosing_costs(load, [1, *options.passages], 3 * options.repetitions)
    print_costs(costs, choosing)
    return {"moving": [asdict(cost) for cost in costs], "choosing": choosing}


def main() -> int:
    """Measure and print; 0, also where the questions are absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_weights_option(parser)
    parser.add_argument("--repetitions", type=int, default=9)
    parser.add_argument("--language", choices=["en", "zh"], default="en")
    parser.add_argument("--passages", type=int, nargs="*", default=[4, 8, 12])
    parser.add_argument("--lengths", type=int, nargs="*", default=[100, 200, 400])
    parser.add_argument("--contexts", type=int, nargs="*", default=[2048, 4096, 8192, 16384])
    options = parser.parse_args()
    language: Language = options.language
    articles = read_articles(language)
    if not articles:
        return 0
    load = loading(options.weights)
    numbers = [Case(passages, 0, CONTEXT) for passages in options.passages]
    lengths = [Case(4, length, CONTEXT) for length in options.lengths]
    contexts = [Case(4, 0, context) for context in options.contexts]
    few = [FULL, SPLICE, FUSED]
    cases = [(case, WAYS) for case in numbers]
    cases += [(case, [*few, CHAT]) for case in lengths]
    cases += [(case, few) for case in contexts if case not in numbers]
    timings = measure(load, cases, articles, options)
    print(f"{load}; {options.repetitions} repetitions; ChatLlamaCpp runs the packaged file")
    print_number(timings, numbers)
    print_parts(timings, numbers)
    print_growth(timings, lengths, "By the length of 4 passages: seconds (times as soon)")
    print_growth(
        {case: {way.name: found[way.name] for way in few} for case, found in timings.items()},
        contexts,
        "By the size of the context, 4 passages: seconds (times as soon)",
    )
    print_goals(timings)
    moving = print_moving(load, articles, options.contexts, options)
    raw = [
        asdict(case) | {"way": name, "timings": [asdict(t) for t in times]}
        for case, found in timings.items()
        for name, times in found.items()
    ]
    save_results("first_token", {"run": str(load), "cases": raw, **moving})
    return 0


if __name__ == "__main__":
    sys.exit(main())
