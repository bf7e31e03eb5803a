"""What an adapter costs: speed, memory, and what becomes of its answers on coarser weights.

The bundled model as F16, Q8_0 and Q4_0, made of the packaged file; with and without the adapter, in
turn, in one engine. Reading is the prefill of a prompt with three passages, writing what follows;
ratios are medians of pairs. Quality is that of finetune.py: questions about articles kept back,
with the gold passage, greedily. Prints a table, writes benchmarks/results/adapter_cost.json.
"""

import argparse
import statistics
import sys
from pathlib import Path
from typing import Any

import psutil
from adapter_recipe import kept_back
from engine_setup import (
    answer_prompt,
    loading,
    note,
    print_table,
    read_answer,
    read_articles,
    save_results,
)
from finetune import GOLD, Case, ask

from chains.evaluation.bootstrap import mean
from models.adapters import find_adapter
from models.bundled import BUNDLED_ADAPTER
from models.engine.engine import Engine
from models.engine.prompt import Prompt, Reading
from models.engine.sampling import Sampling
from models.errors import KvasirError

KINDS = ("F16", "Q8_0", "Q4_0")
WRITTEN = 48  # tokens
PASSAGES = 3


def speeds(engine: Engine, prompt: Prompt, adapter: Path | None) -> tuple[float, float]:
    """Tokens a second of reading a prompt anew, and of an answer of the same length for all."""
    given = engine.model.tokenize(" word" * WRITTEN)
    reading = Reading("joint", reuse="off")
    stream = engine.generate(prompt, Sampling(), reading, adapter=adapter, forced=given)
    finish = read_answer(stream).finish
    writing = finish.completion_tokens / (finish.total_s - finish.first_token_s)
    return finish.prompt_tokens / finish.first_token_s, writing


def cost(kind: str, adapter: Path, questions: int, pairs: int) -> dict[str, Any]:
    """One file's figures."""
    load = loading(kind)
    engine = load.engine()
    articles = [article for article in read_articles("en") if kept_back(article.title)]
    every = [(article, question) for article in articles for question in article.questions]
    chosen = every[:: max(1, len(every) // questions)][:questions]
    process = psutil.Process()
    seen: dict[str, list[tuple[float, float]]] = {"without": [], "with": []}
    memory = process.memory_info().rss
    for article, question in chosen[:pairs]:
        passages = article.passages[:PASSAGES]
        prompt = answer_prompt(engine.model, question.text, passages, "en")
        for name, used in (("without", None), ("with", adapter)):
            seen[name].append(speeds(engine, prompt, used))
    memory = process.memory_info().rss - memory
    found: dict[str, Any] = {"file_mb": load.weights.stat().st_size / 1e6, "memory": memory / 1e6}
    for place, what in enumerate(("reading", "writing")):
        plain = [pair[place] for pair in seen["without"]]
        adapted = [pair[place] for pair in seen["with"]]
        found[what] = statistics.median(adapted)
        found[f"{what}_ratio"] = statistics.median(
            after / before for before, after in zip(plain, adapted, strict=True)
        )
    for name, used in (("without", None), ("with", adapter)):
        outcomes = [
            ask(engine, Case(q, GOLD, (article.passages[q.paragraph],)), "en", used)
            for article, q in chosen
        ]
        found[f"f1_{name}"] = mean([each.f1 for each in outcomes])
        found[f"recall_{name}"] = mean([each.recall for each in outcomes])
        note(f"{kind} {name}: F1 {found[f'f1_{name}']:.2f}")
    engine.close()
    return found


def main() -> int:
    """Measure; 0 also where the questions or the adapter are absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--adapter", default=BUNDLED_ADAPTER, help="a name or a path")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--pairs", type=int, default=9, help="of timings")
    options = parser.parse_args()
    if not read_articles("en"):
        return 0
    try:
        adapter = find_adapter(options.adapter)
    except KvasirError as error:
        print(f"skipped: {error}")
        return 0
    if adapter is None:
        parser.error("--adapter is empty")
    found = {kind: cost(kind, adapter, options.questions, options.pairs) for kind in options.kinds}
    rows = [
        [
            kind,
            f"{run['file_mb']:.0f} MB",
            f"{run['reading']:,.0f} tokens/s, ×{run['reading_ratio']:.2f}",
            f"{run['writing']:,.0f} tokens/s, ×{run['writing_ratio']:.2f}",
            f"{run['memory']:.0f} MB",
            f"{run['f1_with']:.2f} ({run['f1_without']:.2f})",
            f"{run['recall_with']:.2f} ({run['recall_without']:.2f})",
        ]
        for kind, run in found.items()
    ]
    head = ["weights", "file", "reading", "writing", "memory", "F1 (without)", "recall (without)"]
    print_table("with the adapter, and to the model without it", head, rows)
    save_results("adapter_cost", found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
