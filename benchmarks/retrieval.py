"""Retrieval from one library of everything: with and without each of its stages.

All paragraphs of XQuAD's development halves, English and Chinese, and of CMRC 2018's are documents
of one library, together with the files of the corpus (books, manuals, reports): some 10,000
chunks. How often is the right paragraph first, or among five? Search was tuned on XQuAD's
questions, on none of CMRC's. Beside it, all-MiniLM-L6-v2 behind LangChain and LlamaIndex, as most
local programs have it (pip install llama-index-core). Prints a table and writes
benchmarks/results/retrieval.json.

--folder keeps the library and MiniLM's vectors for the next time: without them, ingesting is most
of the time.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from langchain_core.documents import Document  # noqa: E402
from retrieval_baselines import MiniLM, MissingPackage, langchain_faiss, llama_index  # noqa: E402
from retrieval_sets import (  # noqa: E402
    DEPTH,
    Asked,
    Found,
    Row,
    question_sets,
    row_of,
    write_documents,
)
from squad import QA  # noqa: E402

from chains.retriever import LibraryRetriever  # noqa: E402
from ingest import Library, sync  # noqa: E402
from models.chat_model import chat_model  # noqa: E402
from models.embeddings import KvasirEmbeddings  # noqa: E402

RESULTS = Path(__file__).resolve().parent / "results"
PLAIN: dict[str, Any] = {"rerank": "off", "variety": False, "join": 0}
# Each with the stages of the one above, and one more; the last is what people get.
STAGES: dict[str, dict[str, Any]] = {
    "+ likelihood, where unsure": {"rerank": "auto"},
    "+ duplicates and crowds thinned": {"rerank": "auto", "variety": True},
    "+ neighbours joined = LibraryRetriever": {"rerank": "auto", "variety": True, "join": 256},
}
BASELINES = {
    "all-MiniLM-L6-v2, FAISS (LangChain)": langchain_faiss,
    "all-MiniLM-L6-v2, VectorStoreIndex (LlamaIndex)": llama_index,
}

Search = Callable[[Asked, int], Found]


class Remembering(KvasirEmbeddings):
    """Embeds a question once, however many ways of searching ask for it."""

    def __init__(self) -> None:
        super().__init__()
        self.remembered = lru_cache(maxsize=None)(super().embed_query)

    def embed_query(self, text: str) -> list[float]:
        """The question's vector."""
        return self.remembered(text)


def found_in(passages: Sequence[Document]) -> Found:
    return [(passage.metadata["source"], passage.page_content) for passage in passages]


def ranking(library: Library, hits: Sequence[tuple[int, float]]) -> Found:
    """Chunk ids in their order, as passages."""
    stored = {p.chunk_id: p for p in library.store.passages([chunk for chunk, _ in hits])}
    return [(stored[chunk].source, stored[chunk].text) for chunk, _ in hits]


def retrieved(library: Library, **options: Any) -> Search:
    """Searching by a retriever with the stages that `options` add."""
    given: dict[str, Any] = {**PLAIN, **options}

    def search(asked: Asked, number: int) -> Found:
        question = asked.questions[number].text
        retriever = LibraryRetriever(
            library=library, k=DEPTH, filter=asked.filter, llm=chat_model, **given
        )
        return found_in(retriever.invoke(question))

    return search


def ways_of(library: Library) -> Iterator[tuple[str, Search]]:
    """The ways of searching, each with its name."""
    yield (
        "vectors alone",
        lambda asked, n: ranking(
            library, library.nearest(asked.questions[n].text, DEPTH, asked.filter)
        ),
    )
    yield (
        "keywords alone",
        lambda asked, n: ranking(
            library, library.matching(asked.questions[n].text, DEPTH, asked.filter)
        ),
    )
    yield (
        "fused = library.search",
        lambda asked, n: found_in(library.search(asked.questions[n].text, DEPTH, asked.filter)),
    )
    for name, options in STAGES.items():
        yield name, retrieved(library, **options)


def measure(asked: Asked, method: str, search: Search) -> Row:
    """Ask every question of a set in one way."""
    found, seconds = [], []
    for number in range(len(asked.questions)):
        began = time.perf_counter()
        found.append(search(asked, number))
        seconds.append(time.perf_counter() - began)
    row = row_of(asked, method, found, seconds)
    print(line_of(row), flush=True)
    return row


def line_of(row: Row) -> str:
    (low1, high1), (low5, high5) = row.hit1_interval, row.hit5_interval
    return (
        f"| {row.asked}, {row.questions} | {row.method} | {row.hit1:.3f} ({low1:.3f}–{high1:.3f}) "
        f"| {row.hit5:.3f} ({low5:.3f}–{high5:.3f}) | {row.mrr:.3f} | {row.answer3:.3f} "
        f"| {row.either1:.3f} | {1000 * row.median_s:.0f} ms |"
    )


def run(folder: Path, count: int) -> list[Row]:
    """Everything, in a folder that is made or used again."""
    with Library(folder / "library", embedder=Remembering()) as library:
        began = time.perf_counter()
        report = sync(library, write_documents(folder / "documents"))
        print(f"{len(report.added)} files added in {time.perf_counter() - began:.0f} s")
        print(f"{library.status()['chunks']:,} chunks\n")
        print("| questions | method | hit@1 | hit@5 | MRR | answer in 3 | or translation | time |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        sets = question_sets(count)
        for asked in sets:  # so that no way of searching pays for the question's vector
            for question in asked.questions:
                library.embedder.embed_query(question.text)
        rows = [measure(asked, *way) for asked in sets for way in ways_of(library)]
        for name, baseline in BASELINES.items():
            try:
                search = baseline(library, MiniLM(folder))
            except MissingPackage as missing:
                print(f"{name} passed over: {missing}")
                continue
            rows += [measure(asked, name, search) for asked in sets]
        return rows


def main() -> int:
    """Measure, print the table, keep it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where the library is kept for the next time")
    parser.add_argument(
        "--questions", type=int, default=0, metavar="N", help="of each set, drawn by a seed; 0: all"
    )
    options = parser.parse_args()
    if not QA.is_dir():
        print(f"nothing measured: {QA} is absent")
        return 0
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
        rows = run(options.folder, options.questions)
    else:
        with tempfile.TemporaryDirectory() as folder:
            rows = run(Path(folder), options.questions)
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps([asdict(row) for row in rows], indent=1, ensure_ascii=False)
    (RESULTS / "retrieval.json").write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
