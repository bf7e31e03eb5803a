"""Answers of the bundled model on XQuAD's development halves: quoted against written.

All paragraphs of a language are in one library; the same questions are answered twice by
`rag_chain`, once with quoted and once with written answers. A row says how often the gold answer
stands in the answer, in the best marked sentence and in all marked ones, how much of the answer
is grounded, and when its first word came. Prints a table, writes benchmarks/results/answers.json.
"""

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from squad import QA, Question, read_squad  # noqa: E402

from chains import RagChain, rag_chain  # noqa: E402
from chains.evaluation.outcome import marked  # noqa: E402
from chains.evaluation.scores import holds  # noqa: E402
from ingest import Library, sync  # noqa: E402
from models.settings import get_settings  # noqa: E402

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Row:
    """One way of answering in one language; shares of questions, seconds as medians."""

    language: str
    answers: str
    in_answer: float
    in_marked: float
    grounded: float
    first_word_s: float
    total_s: float


def measure(language: str, library: Library, questions: list[Question]) -> list[Row]:
    """Every question in both ways, in turn, so that a busy machine slows both alike."""
    chains: dict[str, RagChain] = {}
    results: dict[str, list[dict[str, Any]]] = {"quoted": [], "written": []}
    for question in questions:
        for answers, done in results.items():
            os.environ["KVASIR_ANSWERS"] = answers
            get_settings.cache_clear()
            chains.setdefault(answers, rag_chain(library))
            done.append(chains[answers].invoke(question.text))
    return [_row(language, answers, questions, done) for answers, done in results.items()]


def _row(
    language: str, answers: str, questions: list[Question], results: list[dict[str, Any]]
) -> Row:
    pairs = list(zip(results, questions, strict=True))
    return Row(
        language,
        answers,
        statistics.mean(holds(result["answer"], question.answers) for result, question in pairs),
        statistics.mean(
            holds(marked(result["sources"]), question.answers) for result, question in pairs
        ),
        statistics.mean(result["grounded"] for result in results),
        statistics.median(result["timings"]["first_token_s"] for result in results),
        statistics.median(result["timings"]["total_s"] for result in results),
    )


def main() -> int:
    """Measure both languages; 0, also where the questions are absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=40, help="questions per language")
    options = parser.parse_args()
    if not QA.is_dir():
        print(f"skipped: the questions are not at {QA}")
        return 0
    rows: list[Row] = []
    for language in ("en", "zh"):
        paragraphs, questions = read_squad(QA / f"xquad.{language}.dev.json")
        chosen = random.Random(7).sample(questions, min(options.questions, len(questions)))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "documents"
            folder.mkdir()
            for number, text in enumerate(paragraphs):
                (folder / f"{number}.txt").write_text(text, "utf-8")
            with Library(Path(name) / "library") as library:
                sync(library, [folder])
                rows += measure(language, library, chosen)
    print(f"{options.questions} questions per language")
    print("language  answers  gold in answer  in marked sentences  grounded  first word  whole")
    for row in rows:
        print(
            f"{row.language:8}  {row.answers:7}  {row.in_answer:14.3f}  {row.in_marked:19.3f}"
            f"  {row.grounded:8.2f}  {row.first_word_s:8.2f} s  {row.total_s:.2f} s"
        )
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "answers.json").write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
