"""What people read as an answer: how often it holds the gold answer, by what was tried.

One library of everything, that of retrieval.py (--folder keeps it). First without a model: how
often the gold answer stands in the evidence's marked sentences. Then answers of the bundled model,
all to the same questions: quoted as by default, and written, with other passages, prompts and
decoding. Beside them LangChain's and LlamaIndex's usual pipelines with the same model file. Long
texts hold more by chance: F1 counts that. Prints tables and writes benchmarks/results/answers.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from answer_baselines import Answerer, langchain_rag, llama_index_rag  # noqa: E402
from retrieval_baselines import MiniLM, MissingPackage  # noqa: E402
from retrieval_sets import Asked, question_sets, write_documents  # noqa: E402
from squad import QA, Question  # noqa: E402

from chains import prompts, rag_chain  # noqa: E402
from chains.evaluation.bootstrap import Interval, interval  # noqa: E402
from chains.evaluation.scores import f1, holds  # noqa: E402
from chains.evidence import EvidenceReader  # noqa: E402
from chains.prompts import Wording  # noqa: E402
from chains.retriever import LibraryRetriever  # noqa: E402
from ingest import Library, sync  # noqa: E402
from models.chat_model import KvasirChat  # noqa: E402
from models.settings import get_settings  # noqa: E402

RESULTS = Path(__file__).resolve().parent / "results"
READ = 3  # passages, as the chain reads
FEW_WORDS = {
    "en": "{question}\nAnswer in a few words, taken from the text.",
    "zh": "{question}\n请用原文中的几个词回答。",
}


@dataclass(frozen=True)
class Way:
    """Settings of the chain, what is given to every call of the model, the question's wording."""

    name: str
    settings: dict[str, str]
    call: dict[str, Any]
    few_words: bool = False


QUOTED = Way("quoted (default)", {}, {})
TAUGHT = {"KVASIR_ANSWERS": "written"}
WRITTEN = {**TAUGHT, "KVASIR_ADAPTER": "none"}
ONE = {**WRITTEN, "KVASIR_RETRIEVE": "1"}
WAYS = [
    QUOTED,
    Way("written with its adapter", TAUGHT, {}),
    Way("written without, 3 passages fused", WRITTEN, {}),
    Way("… by the best passage alone", ONE, {}),
    Way("… contrasted with no passage", WRITTEN, {"contrast": 0.25}),
    Way("… 3 passages in one prompt", {**WRITTEN, "KVASIR_PASSAGES": "joint"}, {}),
    Way("… fused, asked for few words", WRITTEN, {"contrast": 0.25}, few_words=True),
]


BASELINES = {"LangChain's pipeline": langchain_rag, "LlamaIndex's": llama_index_rag}


class Called(KvasirChat):
    """The chat model with more said at every call."""

    more: dict[str, Any] = {}  # noqa: RUF012 - a field of pydantic's

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        return super()._stream(*args, **{**self.more, **kwargs})


@dataclass(frozen=True)
class Row:
    """One way of answering the questions of one set; shares with 95% intervals, medians."""

    asked: str
    way: str
    questions: int
    holds: float
    holds_interval: Interval
    f1: float
    characters: float
    grounded: float | None
    first_word_s: float
    total_s: float


@dataclass(frozen=True)
class Marked:
    """How often the gold answer stands in the evidence of a set's questions."""

    asked: str
    questions: int
    passages: float
    marked: float
    marked_interval: Interval
    best: float


def read_marked(library: Library, asked: Asked) -> Marked:
    """The evidence alone, as the chain shows it."""
    reader = EvidenceReader(library.embedder)
    retriever = LibraryRetriever(library=library, k=READ, rerank="off")
    among, inside, first = [], [], []
    for question in asked.questions:
        found = retriever.invoke(question.text)
        best = reader.read(found).best(question.text, reader.embed(question.text))
        texts = [sentence.text for sentence, _ in best]
        among.append(any(holds(each.page_content, question.answers) for each in found))
        inside.append(holds("\n".join(texts), question.answers))
        first.append(holds("".join(texts[:1]), question.answers))
    means = [statistics.mean(values) for values in (among, inside, first)]
    row = Marked(asked.name, len(inside), means[0], means[1], interval(inside), means[2])
    low, high = row.marked_interval
    print(
        f"| {row.asked}, {row.questions} | {row.passages:.3f} "
        f"| {row.marked:.3f} ({low:.3f}–{high:.3f}) | {row.best:.3f} |",
        flush=True,
    )
    return row


def ours(library: Library, way: Way) -> Answerer:
    """The chain under a way's settings."""
    for name in ("KVASIR_ANSWERS", "KVASIR_ADAPTER", "KVASIR_RETRIEVE", "KVASIR_PASSAGES"):
        os.environ.pop(name, None)
    os.environ.update(way.settings)
    get_settings.cache_clear()
    chain = rag_chain(library, llm=Called(more=way.call))

    def answer(question: Question) -> dict[str, Any]:
        usual = dict(prompts.WORDINGS)
        if way.few_words:
            for language, wording in usual.items():
                parts = asdict(wording) | {"question": FEW_WORDS[language]}
                prompts.WORDINGS[language] = Wording(**parts)
        try:
            return dict(chain.invoke(question.text))
        finally:
            prompts.WORDINGS.update(usual)

    return answer


def measure(asked: Asked, count: int, name: str, answer: Answerer) -> Row:
    """The first `count` questions of a set."""
    questions = asked.questions[:count]
    results = [answer(question) for question in questions]
    texts = [result["answer"] for result in results]
    held = [holds(text, q.answers) for text, q in zip(texts, questions, strict=True)]
    grounded = [result["grounded"] for result in results if "grounded" in result]
    row = Row(
        asked.name,
        name,
        len(questions),
        statistics.mean(held),
        interval(held),
        statistics.mean(f1(t, q.answers) for t, q in zip(texts, questions, strict=True)),
        statistics.median(map(len, texts)),
        statistics.mean(grounded) if grounded else None,
        statistics.median(result["timings"]["first_token_s"] for result in results),
        statistics.median(result["timings"]["total_s"] for result in results),
    )
    low, high = row.holds_interval
    share = "" if row.grounded is None else f"{row.grounded:.2f}"
    print(
        f"| {row.asked}, {row.questions} | {row.way} | {row.holds:.2f} ({low:.2f}–{high:.2f}) "
        f"| {row.f1:.2f} | {row.characters:.0f} | {share} | {row.first_word_s:.2f} s "
        f"| {row.total_s:.2f} s |",
        flush=True,
    )
    return row


def run(folder: Path, marked_count: int, count: int, only: str) -> list[Marked | Row]:
    """The ways with `only` in their names, in a folder that is made or used again."""
    with Library(folder / "library") as library:
        sync(library, write_documents(folder / "documents"))
        sets = question_sets(max(marked_count, count))
        print(f"\nGold answers in {READ} passages, in their marked sentences, in the best of these")
        print("| questions | in the passages | in the marked sentences | in the best |")
        print("| --- | --- | --- | --- |")
        rows: list[Marked | Row] = [read_marked(library, asked) for asked in sets[:3]]
        ways = [way for way in WAYS if only in way.name]
        print("\n| questions | way | holds it | F1 | characters | grounded | first word | whole |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        for asked in sets[:2]:
            rows += [measure(asked, count, way.name, ours(library, way)) for way in ways]
        for name, make in BASELINES.items():
            if only not in name:
                continue
            try:
                answer = make(library, MiniLM(folder))
            except MissingPackage as missing:
                print(f"{name} passed over: {missing}")
                continue
            rows += [measure(asked, count, name, answer) for asked in sets[:2]]
        return rows


def main() -> int:
    """Measure, print the tables, keep them as JSON; 0, also where the questions are absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where the library is kept for the next time")
    parser.add_argument("--questions", type=int, default=30, help="answered by the model, of a set")
    parser.add_argument(
        "--marked", type=int, default=300, help="questions of a set for the marked sentences"
    )
    parser.add_argument("--only", default="", metavar="WORD", help="the ways so named")
    options = parser.parse_args()
    if not QA.is_dir():
        print(f"nothing measured: {QA} is absent")
        return 0
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
        rows = run(options.folder, options.marked, options.questions, options.only)
    else:
        with tempfile.TemporaryDirectory() as folder:
            rows = run(Path(folder), options.marked, options.questions, options.only)
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps([asdict(row) for row in rows], indent=1, ensure_ascii=False)
    (RESULTS / "answers.json").write_text(text + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
