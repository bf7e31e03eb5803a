"""What each method of fine-tuning makes of the same lessons in the same time.

LoRA, QLoRA, a learnt prompt and a learnt prefix for the bundled model, on the lessons of
adapter_recipe.py, each in a process of its own: a few steps tell how many fit into the time, then
it trains. Then questions about the articles kept back, with the gold passage, greedily, beside the
model as it is. Prints a table, writes benchmarks/results/finetune_methods.json.

    python benchmarks/finetune_methods.py --minutes 6
"""

import argparse
import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from adapter_recipe import RECIPE, is_at_hand, kept_back, lessons
from engine_setup import (
    Article,
    add_weights_option,
    loading,
    note,
    print_table,
    read_articles,
    save_results,
)
from finetune import GOLD, Case, ask
from squad import QA

from chains.evaluation.bootstrap import mean
from models.adapters import find_adapter
from models.engine.model import Model
from models.finetune.finetune import checkpoint_of, finetune
from models.finetune.lesson import Lesson
from models.finetune.progress import Progress
from models.finetune.recipe import Method
from models.finetune.trees import grow
from models.settings import get_settings
from models.weights import find_weights

METHODS: tuple[Method, ...] = get_args(Method)
TRIAL = 5  # steps that tell how many tokens a second are learnt from
LESSONS = 8  # a step: in a few minutes, many small steps teach more than few large ones


def train(method: Method, minutes: float) -> None:
    """Train one for that long, and print what it took as JSON."""
    weights = find_weights(get_settings().model)
    found = [lesson for several in lessons().values() for lesson in several]
    name = f"compared-{method}"
    checkpoint_of(name).unlink(missing_ok=True)
    recipe = replace(RECIPE, method=method, rate=0.0, held_back=0.0, lessons=LESSONS, steps=TRIAL)
    seen: list[Progress] = []
    finetune(weights, found, recipe, name, seen.append, restart=True)
    tokens = 60 * minutes * seen[-1].tokens_per_s
    recipe = replace(recipe, steps=max(TRIAL, round(tokens / tokens_of_a_step(weights, found))))
    trained = finetune(weights, found, recipe, name, seen.append, restart=True)
    said = {
        "steps": trained.steps,
        "seconds": trained.seconds,
        "tokens_per_s": seen[-1].tokens_per_s,
        "loss": seen[-1].loss,
        "bytes": trained.path.stat().st_size,
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(said))


def tokens_of_a_step(weights: Path, lessons: Sequence[Lesson]) -> float:
    """On average."""
    model = Model(weights, gpu_layers=0)
    trees, _ = grow(model, lessons, RECIPE.longest)
    model.close()
    return LESSONS * sum(tree.size for tree in trees) / sum(len(tree.branches) for tree in trees)


def learnt(method: Method, minutes: float) -> dict[str, Any]:
    """The same in a process of its own, so that its memory is its own."""
    command = [sys.executable, __file__, "--train", method, "--minutes", str(minutes)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def asked(articles: Sequence[Article], most: int) -> list[Case]:
    """Questions about the articles kept back, each with its own passage."""
    every = [
        Case(question, GOLD, (article.passages[question.paragraph],))
        for article in articles
        if kept_back(article.title)
        for question in article.questions
    ]
    return every[:: max(1, len(every) // most)][:most]


def main() -> int:
    """Train and measure; 0 also where the questions are absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_weights_option(parser)
    parser.add_argument("--minutes", type=float, default=10, help="of training, for each")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--train", choices=METHODS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not is_at_hand():
        print(f"skipped: the questions and texts are not all at {QA.parent}")
        return 0
    if options.train:
        train(options.train, options.minutes)
        return 0
    runs: dict[str, dict[str, Any]] = {}
    for method in options.methods:
        runs[method] = learnt(method, options.minutes)
        note(f"{method}: {runs[method]}")
    load = loading(options.weights)
    print(load)
    engine = load.engine()
    every = asked(read_articles("en"), options.questions)
    rows = []
    for name in ("as it is", *runs):
        adapter = find_adapter(f"compared-{name}") if name in runs else None
        outcomes = [ask(engine, case, "en", adapter) for case in every]
        scores = {
            "f1": mean([each.f1 for each in outcomes]),
            "recall": mean([each.recall for each in outcomes]),
            "exact": mean([each.exact for each in outcomes]),
        }
        run = runs.setdefault(name, {})
        run |= scores
        rows.append(
            [
                name,
                f"{run['bytes'] / 1e6:.1f} MB" if "bytes" in run else "",
                run.get("steps", ""),
                f"{run['seconds'] / 60:.1f}" if "seconds" in run else "",
                f"{run['tokens_per_s']:.0f}" if "tokens_per_s" in run else "",
                f"{run['memory_mb']:,.0f}" if "memory_mb" in run else "",
                *(f"{score:.2f}" for score in scores.values()),
            ]
        )
    engine.close()
    head = ["method", "file", "steps", "minutes", "tokens/s", "peak MB", "F1", "recall", "exact"]
    title = f"trained {options.minutes:g} minutes each, {len(every)} questions, the gold passage"
    print_table(title, head, rows)
    save_results("finetune_methods", {"run": load.label, "methods": runs})
    return 0


if __name__ == "__main__":
    sys.exit(main())
