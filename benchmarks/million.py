"""A library of a million chunks: how soon it opens, how soon and how rightly it finds.

Real sentences, drawn vectors (see `million_library`), the library's own indexes. Beside them, on
the same vectors and texts: FAISS's exact flat index, its HNSW graph with --hnsw, and SQLite's
FTS5. A question's embedding is not part of the times; where others use the machine, the times of
work (of all cores) tell more than those that passed. Prints what was asked for and whether it is
met, and writes benchmarks/results/million.json, for other sizes million-N.json.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import faiss as typed_faiss  # noqa: E402
import numpy as np  # noqa: E402
import psutil  # noqa: E402
from million_library import (  # noqa: E402
    BOOK,
    CHUNKS_PER_DOCUMENT,
    DIMENSIONS,
    Drawn,
    Filler,
    Mixture,
    insert,
    sentences,
    source_of,
)
from squad import QA, read_squad  # noqa: E402

from ingest import Filter, Library  # noqa: E402
from ingest.segment import segment  # noqa: E402
from ingest.vectors import VectorIndex  # noqa: E402

faiss: Any = typed_faiss  # its type stubs lack what its Python layer adds

RESULTS = Path(__file__).resolve().parent / "results"
MILLION = 1_000_000
QUESTIONS = 200
FILTERED = 60
"""Questions that are asked with each filter."""
ADDED = 100
ADDED_CHUNKS = 10
FTS_QUESTIONS = 30


def filters(documents: int) -> dict[str, Filter]:
    """From broad to narrow."""
    middle = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=documents // 2)
    return {
        "the newer half": Filter(added_after=middle),
        "one format, a third": Filter(formats=("pdf",)),
        "a folder, a tenth": Filter(folders=(str(Path(source_of(3)).parent.parent),)),
        "a folder, a hundredth": Filter(folders=(str(Path(source_of(33)).parent),)),
        "one document": Filter(sources=(source_of(7),)),
    }


def questions(documents: int) -> dict[str, np.ndarray]:
    """XQuAD's questions in both languages, each with a drawn vector."""
    asked = [read_squad(QA / f"xquad.{language}.dev.json")[1] for language in ("en", "zh")]
    texts = [question.text.strip() for pair in zip(*asked, strict=False) for question in pair]
    texts = list(dict.fromkeys(texts))[:QUESTIONS]
    return dict(zip(texts, Mixture(documents).questions(len(texts)), strict=True))


@dataclass(frozen=True)
class Times:
    """Of each call, the seconds that passed, and those that this process's cores worked."""

    wall: list[float]
    cpu: list[float]

    def percentiles(self) -> dict[str, float]:
        """Medians and 95th percentiles, in milliseconds."""
        return {
            "median_ms": float(1000 * np.percentile(self.wall, 50)),
            "p95_ms": float(1000 * np.percentile(self.wall, 95)),
            "cpu_p95_ms": float(1000 * np.percentile(self.cpu, 95)),
        }


def timed(call: Callable[[Any], Any], each: Iterable[Any]) -> tuple[list[Any], Times]:
    """What a call gives for each, and how long it takes."""
    results, times = [], Times([], [])
    for one in each:
        began, worked = time.perf_counter(), time.process_time()
        results.append(call(one))
        times.wall.append(time.perf_counter() - began)
        times.cpu.append(time.process_time() - worked)
    return results, times


# ---- in a process of its own, that has seen nothing of the library


def measure(folder: Path, documents: int) -> dict[str, Any]:
    """Open the library and search it; the memory is this process's, mapped files too."""
    import ingest.keywords
    import ingest.vectors  # noqa: F401 - so that opening does not count imports

    asked = questions(documents)
    process = psutil.Process()
    before = process.memory_info().rss
    began = time.perf_counter()
    with Library(folder, embedder=Drawn(asked)) as library:
        first = next(iter(asked))
        library.search(first)
        opened = time.perf_counter() - began
        found, nearest = timed(lambda q: library.nearest(q, 10), asked)
        memory = process.memory_info().rss - before
        _, matching = timed(lambda q: library.matching(q, 50), asked)
        _, whole = timed(library.search, asked)
        result: dict[str, Any] = {
            "open_s": opened,
            "vectors_bytes": memory,
            "nearest": {**nearest.percentiles(), "ids": [[i for i, _ in f] for f in found]},
            "matching": matching.percentiles(),
            "search": whole.percentiles(),
            "filters": {},
        }
        every = Times([], [])
        for name, filter in filters(documents).items():
            some = list(asked)[:FILTERED]
            _, times = timed(partial(library.search, k=5, filter=filter), some)
            found, _ = timed(partial(library.nearest, k=10, filter=filter), some)
            ids = [[i for i, _ in f] for f in found]
            result["filters"][name] = {**times.percentiles(), "ids": ids}
            every.wall.extend(times.wall)
            every.cpu.extend(times.cpu)
        result["filtered"] = every.percentiles()
        result["memory_bytes"] = process.memory_info().rss - before
    return result


# ---- the truth, and others


class Exact:
    """All vectors of the library in FAISS's flat index, float32."""

    def __init__(self, library: Library) -> None:
        began = time.perf_counter()
        self.index = faiss.IndexFlatIP(DIMENSIONS)
        ids, documents = [], []
        for block in blocks(library):
            ids.append(block[0])
            documents.append(block[1])
            self.index.add(block[2])
        self.ids, self.documents = np.concatenate(ids), np.concatenate(documents)
        self.seconds = time.perf_counter() - began

    def one(self, vector: np.ndarray) -> Any:
        """A search as for a single question."""
        return self.index.search(vector[None], 10)

    def nearest(self, vectors: np.ndarray, allowed: np.ndarray | None) -> list[list[int]]:
        """The ten nearest chunks of each, of those documents."""
        parameters = None
        if allowed is not None:
            bits = np.packbits(np.isin(self.documents, allowed), bitorder="little")
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))
        _, rows = self.index.search(vectors, 10, params=parameters)
        return [[int(self.ids[row]) for row in found if row >= 0] for found in rows]


def blocks(library: Library) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Every chunk's id, document and vector."""
    last = 0
    while len((block := library.store.chunk_vectors_after(last, 8192))[0]):
        last = int(block[0][-1])
        yield block


def recall(found: Sequence[Sequence[int]], right: Sequence[Sequence[int]]) -> float:
    """The share of what is right that was found."""
    hits = sum(len(set(f) & set(r)) for f, r in zip(found, right, strict=True))
    return hits / max(1, sum(map(len, right)))


def full_text(library: Library, folder: Path, asked: Sequence[str]) -> dict[str, Any]:
    """SQLite's FTS5 over the same terms; a question is the OR of its own."""
    with closing(sqlite3.connect(folder / "fts.db")) as connection:
        began = time.perf_counter()
        connection.execute("CREATE VIRTUAL TABLE texts USING fts5(text, content='')")
        last = 0
        while ids := library.store.chunk_ids_after(last, 5000):
            rows = [(p.chunk_id, " ".join(segment(p.text))) for p in library.store.passages(ids)]
            connection.executemany("INSERT INTO texts (rowid, text) VALUES (?, ?)", rows)
            last = ids[-1]
        connection.commit()
        built = time.perf_counter() - began
        sql = "SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT 50"

        def search(question: str) -> list[Any]:
            terms = " OR ".join('"' + term.replace('"', "") + '"' for term in segment(question))
            return connection.execute(sql, (terms,)).fetchall()

        _, times = timed(search, asked)
    (folder / "fts.db").unlink()
    return {"build_s": built, **times.percentiles()}


def graph(exact: Exact, vectors: np.ndarray, right: list[list[int]]) -> dict[str, Any]:
    """FAISS's HNSW over the same vectors, float16."""
    index = faiss.IndexHNSWSQ(
        DIMENSIONS, faiss.ScalarQuantizer.QT_fp16, 32, faiss.METRIC_INNER_PRODUCT
    )
    every = exact.index.reconstruct_n(0, exact.index.ntotal)
    began = time.perf_counter()
    index.train(every[:1000])
    index.add(every)
    built = time.perf_counter() - began
    index.hnsw.efSearch = 64
    found, times = timed(lambda v: index.search(v[None], 10)[1][0], vectors)
    share = recall([[int(exact.ids[row]) for row in f] for f in found], right)
    size = len(faiss.serialize_index(index))
    return {"build_s": built, **times.percentiles(), "recall": share, "bytes": size}


# ---- the run


def build(folder: Path, chunks: int, documents: int) -> dict[str, float]:
    """Fill a library and index it; seconds of each."""
    with Library(folder, embedder=Drawn({})) as library:
        began = time.perf_counter()
        Filler(library, documents, sentences()).fill(documents, chunks, lambda _: None)
        filled = time.perf_counter()
        VectorIndex(folder, library.store).save()
        dense = time.perf_counter()
        library.save_indexes()
        done = time.perf_counter()
    return {"fill_s": filled - began, "vectors_s": dense - filled, "keywords_s": done - dense}


def add(folder: Path, documents: int) -> dict[str, float]:
    """A hundred documents more, each in its own transaction as a sync's, and the indexes."""
    with Library(folder, embedder=Drawn(questions(documents))) as library:
        library.search(next(iter(questions(documents))))
        filler = Filler(library, documents + ADDED, sentences())
        drawings = [filler.draw(documents + number, ADDED_CHUNKS) for number in range(ADDED)]
        began = time.perf_counter()
        with library.writing():
            for drawing in drawings:
                with library.store.transaction() as connection:
                    insert(connection, drawing)
            written = time.perf_counter()
            library.save_indexes()
        done = time.perf_counter()
        wrong = library.check_indexes()
    if wrong:
        raise RuntimeError(f"the indexes differ from the database: {wrong}")
    return {"add_s": done - began, "rows_s": written - began}


def run(folder: Path, chunks: int, *, hnsw: bool, fts5: bool) -> dict[str, Any]:
    """Everything, in turn."""
    documents = max(10, chunks // CHUNKS_PER_DOCUMENT)
    result: dict[str, Any] = {"chunks": chunks, "documents": documents}
    result |= {"cores": psutil.cpu_count(), "load_before": psutil.getloadavg()[0]}
    tell("filling and indexing")
    result |= build(folder / "library", chunks, documents)
    sizes = {path.name: path.stat().st_size for path in (folder / "library").glob("index.*")}
    sizes["keywords"] = sum(p.stat().st_size for p in (folder / "library/keywords").iterdir())
    sizes["library.db"] = (folder / "library/library.db").stat().st_size
    result["disk_bytes"] = sizes
    os.sync()  # three gigabytes on their way to the disk would be waited for
    tell("searching")
    command = [sys.executable, __file__, "--measure", str(folder / "library")]
    told = subprocess.run(
        [*command, "--documents", str(documents)], check=True, stdout=subprocess.PIPE, text=True
    )
    result |= json.loads(told.stdout)
    asked = questions(documents)
    vectors = np.stack(list(asked.values()))
    tell("the truth, and others")
    with Library(folder / "library", embedder=Drawn(asked)) as library:
        exact = Exact(library)
        right = exact.nearest(vectors, None)
        result["nearest"]["recall"] = recall(result["nearest"].pop("ids"), right)
        for name, filter in filters(documents).items():
            allowed = library.store.documents_where(filter)
            row = result["filters"][name]
            row["recall"] = recall(row.pop("ids"), exact.nearest(vectors[:FILTERED], allowed))
        _, times = timed(exact.one, vectors)
        size = 4 * DIMENSIONS * chunks
        result["flat"] = {"build_s": exact.seconds, **times.percentiles(), "bytes": size}
        if hnsw:
            result["hnsw"] = graph(exact, vectors, right)
        del exact
        if fts5:
            tell("SQLite FTS5")
            result["fts5"] = full_text(library, folder, list(asked)[:FTS_QUESTIONS])
    tell("adding")
    result |= add(folder / "library", documents)
    result["load_after"] = psutil.getloadavg()[0]
    return result


def goals(result: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """What was asked for, what is, and whether that is enough."""
    narrow = min(row["recall"] for row in result["filters"].values())
    search, filtered = result["search"]["p95_ms"], result["filtered"]["p95_ms"]
    memory, opened, added = result["memory_bytes"] / 1e9, result["open_s"], result["add_s"]
    share = result["nearest"]["recall"]
    return [
        ("search p95 ≤ 50 ms", f"{search:.1f} ms", search <= 50),
        ("search with a filter, p95 ≤ 50 ms", f"{filtered:.1f} ms", filtered <= 50),
        ("recall@10 ≥ .95 of exact", f"{share:.3f}", share >= 0.95),
        ("recall@10 ≥ .95 with any of the filters", f"{narrow:.3f}", narrow >= 0.95),
        ("index memory ≤ 0.6 GB", f"{memory:.2f} GB", memory <= 0.6),
        ("opening, first search included, ≤ 3 s", f"{opened:.2f} s", opened <= 3),
        (f"adding {ADDED} documents ≤ 1 s beyond embedding", f"{added:.2f} s", added <= 1),
    ]


def show(result: dict[str, Any]) -> None:
    """The tables."""
    print(
        f"\n{result['chunks']:,} chunks of {result['documents']:,} documents on "
        f"{result['cores']} cores, load {result['load_before']:.1f} before and "
        f"{result['load_after']:.1f} after\n"
    )
    print("| goal | measured | |\n| --- | --- | --- |")
    for goal, measured, met in goals(result):
        print(f"| {goal} | {measured} | {'met' if met else '**missed**'} |")
    print("\n| search | median ms | p95 ms | p95 ms of work | recall@10 |")
    print("| --- | --- | --- | --- | --- |")
    rows = {
        "library.search": result["search"],
        **{f"library.search, {name}": row for name, row in result["filters"].items()},
        "vectors alone": result["nearest"],
        "FAISS flat, float32": {**result["flat"], "recall": 1.0},
        **({"FAISS HNSW, float16": result["hnsw"]} if "hnsw" in result else {}),
        "keywords alone": result["matching"],
        **({"SQLite FTS5": result["fts5"]} if "fts5" in result else {}),
    }
    for name, row in rows.items():
        share = f"{row['recall']:.3f}" if "recall" in row else ""
        times = " | ".join(f"{row[key]:.1f}" for key in ("median_ms", "p95_ms", "cpu_p95_ms"))
        print(f"| {name} | {times} | {share} |")
    fts5 = f" (FTS5: {result['fts5']['build_s']:.0f} s)" if "fts5" in result else ""
    print(
        f"\nIndexing took {result['vectors_s']:.0f} s for the vectors and "
        f"{result['keywords_s']:.0f} s for the keywords{fts5}. "
        f"The vectors' index takes {result['vectors_bytes'] / 1e6:.0f} MB of memory, flat float32 "
        f"would take {result['flat']['bytes'] / 1e6:.0f} MB. On the disk: "
        + ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in result["disk_bytes"].items())
    )


def tell(what: str) -> None:
    """Say on standard error what is being done."""
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr)


def main() -> int:
    """Run it all, print the tables, keep them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=MILLION)
    parser.add_argument("--hnsw", action="store_true", help="compare with a graph, too: slow")
    parser.add_argument("--without-fts5", action="store_true", help="which takes minutes to build")
    parser.add_argument("--folder", type=Path, help="for the library, which takes 3 GB a million")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--documents", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not QA.is_dir() or not BOOK.is_file():
        print(f"nothing measured: {QA.parent} is absent")
        return 0
    if arguments.measure:
        print(json.dumps(measure(arguments.measure, arguments.documents)))
        return 0
    folder = Path(tempfile.mkdtemp(dir=arguments.folder))
    try:
        result = run(folder, arguments.chunks, hnsw=arguments.hnsw, fts5=not arguments.without_fts5)
    finally:
        shutil.rmtree(folder)
    show(result)
    RESULTS.mkdir(exist_ok=True)
    name = "million" if arguments.chunks == MILLION else f"million-{arguments.chunks}"
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
