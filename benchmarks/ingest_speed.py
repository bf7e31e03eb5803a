"""Ingest against the usual LangChain pipeline, on the same files and the same embedding model.

The pipeline is the one of the tutorials: DirectoryLoader and TextLoader, a
RecursiveCharacterTextSplitter of 1,000 characters with 200 of overlap, HuggingFaceEmbeddings with
its defaults, FAISS.from_documents. The files are XQuAD's paragraphs in English and Chinese, one
each, and the beginning of two long texts. What is compared: a first ingest, a second one of the
unchanged files, one changed file among 1,000 against that file alone, and the memory that a text
of 33 MB takes beyond the loaded model (ingest_memory.py). Prints a table, writes
benchmarks/results/ingest_speed.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine_setup import note, print_table, save_results  # noqa: E402
from squad import QA, read_squad  # noqa: E402

from ingest import Library, sync  # noqa: E402
from models.bundled import bundled_embedder  # noqa: E402
from models.embeddings import KvasirEmbeddings, bundled_folder  # noqa: E402

CORPUS = QA.parent / "corpus"
LONG_TEXTS = {"en/war-and-peace.txt": 150_000, "zh/llm-basics.txt": 40_000}  # characters of each
MANY = 1000  # files, of which one changes
MEMORY_GOAL_MB = 300


@dataclass(frozen=True)
class Row:
    """Seconds of Kvasir and of what it is compared with; the goal is a ratio of the two."""

    what: str
    kvasir_s: float
    other: str
    other_s: float
    goal: float

    @property
    def ratio(self) -> float:
        return self.other_s / self.kvasir_s


def write_files(folder: Path, share: int) -> int:
    """The files that both ingest, one in `share` of the paragraphs; gives how many."""
    for language in ("en", "zh"):
        paragraphs, _ = read_squad(QA / f"xquad.{language}.dev.json")
        for number, text in enumerate(paragraphs[::share]):
            (folder / f"{language}-{number:03}.txt").write_text(text, "utf-8")
    for name, length in LONG_TEXTS.items():
        text = (CORPUS / name).read_text("utf-8")[: length // share]
        (folder / Path(name).name).write_text(text, "utf-8")
    return len(list(folder.iterdir()))


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def langchain_pipeline(folder: Path) -> Callable[[], object]:
    """The usual pipeline; its model is loaded before, as Kvasir's is."""
    warnings.filterwarnings("ignore")  # that these classes have moved is known
    from langchain_community.document_loaders import DirectoryLoader, TextLoader
    from langchain_community.embeddings import HuggingFaceEmbeddings
    from langchain_community.vectorstores import FAISS
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    embeddings = HuggingFaceEmbeddings(
        model_name=str(bundled_folder(bundled_embedder())),
        model_kwargs={"model_kwargs": {"dtype": "float32"}},  # as on the hub: float16 would be slow
    )
    embeddings.embed_query("a first question")

    def ingest() -> object:
        loader = DirectoryLoader(
            str(folder),
            glob="**/*.txt",
            loader_cls=TextLoader,
            loader_kwargs={"encoding": "utf-8"},
        )
        splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
        return FAISS.from_documents(splitter.split_documents(loader.load()), embeddings)

    return ingest


def first_and_second(folder: Path, docs: Path, embedder: KvasirEmbeddings) -> tuple[Row, Row]:
    """A first ingest and an unchanged second one, each against the whole pipeline."""
    pipeline = langchain_pipeline(docs)
    with Library(folder / "library", embedder=embedder) as library:
        sync(library, [_one_file(folder)])  # parsers and indexes are loaded now
        first = timed(lambda: sync(library, [docs]))
        other = timed(pipeline)
        second = min(timed(lambda: sync(library, [docs])) for _ in range(3))
    name = "LangChain's pipeline"
    return (
        Row("a first ingest", first, name, other, 1.5),
        Row("the same files again", second, name, other, 100),
    )


def one_changed(folder: Path, embedder: KvasirEmbeddings, files: int) -> Row:
    """One changed file among many, against the same change of a file alone."""
    many, alone = folder / "many", folder / "alone"
    for place, count in ((many, files), (alone, 1)):
        place.mkdir()
        for number in range(count):
            (place / f"{number:04}.txt").write_text(f"Note {number}: the tide turned at {number}.")
    seconds = {}
    for place in (many, alone):
        with Library(folder / f"{place.name}-library", embedder=embedder) as library:
            sync(library, [place])
            times = []
            for turn in range(3):
                (place / "0000.txt").write_text(f"Note 0 was changed: turn {turn}.")
                times.append(timed(partial(sync, library, [place])))
            seconds[place] = min(times)
    return Row(f"1 changed file of {files}", seconds[many], "that file alone", seconds[alone], 0.5)


def _one_file(folder: Path) -> Path:
    path = folder / "first.txt"
    path.write_text("The first file has everything loaded.")
    return path


def memory(megabytes: int) -> dict[str, float]:
    """Peak memory of an ingest of a text so large, in processes of their own."""
    script = Path(__file__).with_name("ingest_memory.py")
    ran = subprocess.run(
        [sys.executable, str(script), str(megabytes)], capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(ran.stdout)
    return found


def main() -> int:
    """Run all comparisons; 0, also where the files are absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=int, default=1, help="take one in so many of the files")
    parser.add_argument("--megabytes", type=int, default=33, help="of the text for the memory")
    options = parser.parse_args()
    if not QA.is_dir():
        note(f"skipped: {QA} is not there")
        return 0
    embedder = KvasirEmbeddings()
    embedder.embed_query("a first question")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        docs = folder / "docs"
        docs.mkdir()
        count = write_files(docs, options.share)
        rows = [
            *first_and_second(folder, docs, embedder),
            one_changed(folder, embedder, MANY // options.share),
        ]
    used = memory(options.megabytes)
    print_table(
        f"Ingest of {count} files: seconds",
        ["what", "Kvasir", "compared with", "its", "ratio", "goal"],
        [
            [
                row.what,
                f"{row.kvasir_s:.2f}",
                row.other,
                f"{row.other_s:.2f}",
                f"×{row.ratio:.2f}",
                f"×{row.goal:g}: {'met' if row.ratio >= row.goal else 'missed'}",
            ]
            for row in rows
        ],
    )
    beyond = used["peak_mb"] - used["loaded_mb"]
    met = "met" if beyond <= MEMORY_GOAL_MB else "missed"
    print_table(
        f"Memory for a text of {options.megabytes} MB: {used['chunks']:.0f} chunks",
        ["process", "peak MB", "beyond the loaded model", "goal"],
        [
            ["model loaded, nothing ingested", f"{used['loaded_mb']:.0f}", "", ""],
            ["ingest", f"{used['peak_mb']:.0f}", f"{beyond:.0f}", f"{MEMORY_GOAL_MB}: {met}"],
        ],
    )
    save_results("ingest_speed", {"rows": [asdict(row) for row in rows], "memory": used})
    return 0


if __name__ == "__main__":
    sys.exit(main())
