"""A library of one's own, from first to last: 20 documents, lessons drafted of them, an adapter.

The commands that a person would run, each in a process of its own: `python ingest` of XQuAD's
articles of the development half as documents, `python chains eval` with people's questions about
those that adapter_recipe.py keeps back, `python models finetune --from-library --yes`, and the
evaluation again. Nobody's question is learnt from: lessons are drafted of the documents by rule.
Begun with nothing, and with the bundled model's own adapter. Prints a table, writes
benchmarks/results/finetune_library.json.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adapter_recipe import ROOT, kept_back
from engine_setup import Article, note, print_table, read_articles, save_results

DOCUMENTS = 20
FIGURES = ("f1", "answer_recall", "grounded", "citation_recall", "wrong_refusals")


def lay_out(articles: Sequence[Article], place: Path, most: int) -> None:
    """The documents, and so many questions about those kept back, with where each is answered."""
    kept = [article for article in articles if kept_back(article.title)]
    others = [article for article in articles if not kept_back(article.title)]
    (place / "documents").mkdir()
    for article in [*kept, *others][:DOCUMENTS]:
        text = "\n\n".join(passage.page_content for passage in article.passages)
        (place / "documents" / f"{_name(article)}.txt").write_text(text, "utf-8")
    asked = [(article, question) for article in kept for question in article.questions]
    lines = [
        {
            "question": question.text,
            "answers": list(question.answers),
            "source": f"{_name(article)}.txt",
        }
        for article, question in asked[:: max(1, len(asked) // most)][:most]
    ]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (place / "questions.jsonl").write_text(text, "utf-8")


def _name(article: Article) -> str:
    return article.title.replace("/", "-")


def kvasir(place: Path, *arguments: str, **settings: str) -> dict[str, Any]:
    """Run a command of Kvasir's with these settings; what it says as JSON, and its seconds."""
    variables = {f"KVASIR_{name}": value for name, value in settings.items()}
    environment = {**os.environ, "KVASIR_LIBRARY": str(place / "library"), **variables}
    command = [sys.executable, *arguments, "--json"]
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    said: dict[str, Any] = json.loads(done.stdout)
    return {**said, "wall_s": time.monotonic() - began}


def evaluated(place: Path, name: str, **settings: str) -> dict[str, Any]:
    """The figures of an evaluation with these settings."""
    questions = str(place / "questions.jsonl")
    run = kvasir(place, "chains", "eval", questions, "--save", name, **settings)
    note(f"{name}: {run['wall_s']:.0f} s")
    return {figure: run["figures"][figure] for figure in FIGURES if figure in run["figures"]}


def trained(place: Path, name: str, *options: str) -> dict[str, Any]:
    """An adapter of lessons drafted from the library."""
    command = ["models", "finetune", "--from-library", "--yes", "--out", name, *options]
    run = kvasir(place, *command, ADAPTER="")
    note(f"{name}: {run['lessons']} lessons, {run['steps']} steps, {run['wall_s']:.0f} s")
    return {each: run[each] for each in ("lessons", "steps", "exact", "wall_s")}


def main() -> int:
    """Go through it; 0 also where the questions are absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=60, help="to evaluate with, at most")
    parser.add_argument("--lessons", default="200", help="to draft")
    options = parser.parse_args()
    articles = read_articles("en")
    if not articles:
        return 0
    drafts = ("--questions", options.lessons)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        lay_out(articles, place, options.questions)
        kvasir(place, "ingest", str(place / "documents"))
        runs = {
            "quoted": evaluated(place, "quoted", ADAPTER="", ANSWERS="quoted"),
            "written without adapter": evaluated(place, "plain", ADAPTER="none", ANSWERS="written"),
            "written with its own": evaluated(place, "adapter", ADAPTER="", ANSWERS="written"),
        }
        own = {
            "with the library's, begun afresh": trained(place, "library-own", "--afresh", *drafts),
            "with the library's, begun with its own": trained(place, "library-both", *drafts),
        }
        for name, made in zip(own, ("library-own", "library-both"), strict=True):
            runs[name] = evaluated(place, made, ADAPTER=made, ANSWERS="written")
    rows = [
        [
            name,
            own.get(name, {}).get("lessons", ""),
            f"{own[name]['wall_s'] / 60:.1f}" if name in own else "",
            *(f"{run[figure]['value']:.2f}" if figure in run else "" for figure in FIGURES),
        ]
        for name, run in runs.items()
    ]
    head = ["answers", "lessons", "minutes", "F1", "recall", "grounded", "cited", "refused"]
    print_table(f"{DOCUMENTS} documents, {options.questions} questions of people", head, rows)
    save_results("finetune_library", {"figures": runs, "trainings": own})
    return 0


if __name__ == "__main__":
    sys.exit(main())
