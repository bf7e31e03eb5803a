"""Which size of chunks, and which overlap: how well they find answers in whole articles.

For each size and overlap, the articles of XQuAD's development half in English and Chinese are
split as the library splits them, embedded, and searched by vectors and BM25 in fusion. An answer
is found where a chunk holds all of it, at its own place in its own article. Since one long chunk
costs a model as much as several short ones, what counts is how often the best chunks of TOKENS
tokens together hold the answer. Prints a table; writes benchmarks/results/chunking.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from sklearn.feature_extraction.text import CountVectorizer  # noqa: E402
from squad import QA  # noqa: E402

from ingest.fuse import blend, fuse  # noqa: E402
from ingest.page import Page  # noqa: E402
from ingest.segment import segment  # noqa: E402
from ingest.split import MAX_TOKENS, Chunk, split_page  # noqa: E402
from models.embeddings import KvasirEmbeddings  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "chunking.json"
SIZES = (96, 128, 192, 256, 384, 480)
OVERLAPS = (0.0, 0.125, 0.25)
TOKENS = 768  # that a model is given
DEPTH = 50
K1, B = 1.2, 0.75


@dataclass(frozen=True)
class Asked:
    """A question, its article, and the spans of its answers there."""

    text: str
    article: int
    spans: tuple[tuple[int, int], ...]


def read(language: str) -> tuple[list[str], list[Asked]]:
    """The articles as they would stand in a file, and the questions."""
    articles: list[str] = []
    asked: list[Asked] = []
    for article in json.loads((QA / f"xquad.{language}.dev.json").read_text("utf-8"))["data"]:
        text = ""
        for paragraph in article["paragraphs"]:
            text += "\n\n" if text else ""
            for qa in paragraph["qas"]:
                starts = [(len(text) + a["answer_start"], a["text"]) for a in qa["answers"]]
                spans = tuple((start, start + len(answer)) for start, answer in starts)
                asked.append(Asked(qa["question"], len(articles), spans))
            text += paragraph["context"]
        articles.append(text)
    return articles, asked


def overlapping(chunk: Chunk, text: str, starts: Sequence[int], tokens: int) -> Chunk:
    """The chunk, begun so many tokens earlier."""
    first = bisect_left(starts, chunk.start)
    back = min(tokens, first)
    start = starts[first - back] if back else chunk.start
    return Chunk(
        chunk.page, start, chunk.end, text[start : chunk.end], chunk.headings, chunk.tokens + back
    )


def bm25(texts: Sequence[str], questions: Sequence[str]) -> np.ndarray:
    """Scores, questions by texts. Robertson and Zaragoza, 2009."""
    counter = CountVectorizer(analyzer=segment)
    counts = counter.fit_transform(texts).tocsc().astype(np.float32)
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    present = np.asarray((counts > 0).sum(axis=0)).ravel()
    idf = np.log(1 + (len(texts) - present + 0.5) / (present + 0.5))
    damped = counts.tocoo()
    norm = K1 * (1 - B + B * lengths / lengths.mean())
    damped.data = damped.data * (K1 + 1) / (damped.data + norm[damped.row]) * idf[damped.col]
    wanted = (counter.transform(questions) > 0).astype(np.float32)
    scores: np.ndarray = (wanted @ damped.tocsr().T).toarray()
    return scores


def ranked(dense: np.ndarray, words: np.ndarray) -> list[int]:
    """Chunks, best first, as the library fuses them."""
    searches = [
        [(int(i), float(row[i])) for i in np.argsort(-row, kind="stable")[:DEPTH]]
        for row in (dense, words)
    ]
    rankings = [[chunk for chunk, _ in found] for found in searches]
    return [chunk for chunk, _ in fuse([*rankings, blend(*searches)])]


def measure(
    embedder: KvasirEmbeddings,
    articles: Sequence[str],
    asked: Sequence[Asked],
    asking: np.ndarray,
    size: int,
    part: float,
) -> dict[str, float]:
    """One size and overlap, in one language; `asking` holds the questions' vectors."""
    chunks: list[tuple[int, Chunk]] = []
    for number, text in enumerate(articles):
        page, starts = Page(1, text), embedder.token_starts(text)
        # What an overlap adds is taken from the chunk, so that chunks of one size compare.
        for chunk in split_page(page, embedder, round(size * (1 - part))):
            chunks.append((number, overlapping(chunk, text, starts, round(size * part))))
    began = time.perf_counter()
    vectors = embedder.embed_array([chunk.text for _, chunk in chunks])
    seconds = time.perf_counter() - began
    words = bm25([chunk.text for _, chunk in chunks], [question.text for question in asked])
    dense = asking @ vectors.T
    first, within = [], []
    for question, cosines, scores in zip(asked, dense, words, strict=True):
        left = TOKENS
        holding: list[bool] = []
        for place in ranked(cosines, scores):
            article, chunk = chunks[place]
            left -= chunk.tokens
            if left < 0 and holding:
                break
            inside = any(chunk.start <= a and b <= chunk.end for a, b in question.spans)
            holding.append(article == question.article and inside)
        first.append(holding[0])
        within.append(any(holding))
    return {
        "chunks": len(chunks),
        "tokens": sum(chunk.tokens for _, chunk in chunks),
        "embed_s": seconds,
        "first": float(np.mean(first)),
        "within": float(np.mean(within)),
        "questions": len(asked),
    }


def main() -> int:
    """Measure all sizes, print the table, write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--overlaps", nargs="*", type=float, default=OVERLAPS)
    arguments = parser.parse_args()
    if not QA.is_dir():
        sys.exit(f"there are no questions in {QA}")
    embedder = KvasirEmbeddings()
    sets = {}
    for language in ("en", "zh"):
        articles, asked = read(language)
        asking = np.array([embedder.embed_query(question.text) for question in asked])
        sets[language] = articles, asked, asking
    rows = []
    for size in arguments.sizes:
        for part in arguments.overlaps:
            row: dict[str, object] = {"size": size, "overlap": part}
            row |= {lang: measure(embedder, *found, size, part) for lang, found in sets.items()}
            rows.append(row)
            sys.stderr.write(f"{size} tokens, overlap {part:.0%}: done\n")
    print_table(rows)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"tokens_read": TOKENS, "rows": rows}, indent=1) + "\n")
    return 0


def print_table(rows: Sequence[dict[str, object]]) -> None:
    """In Markdown; the library's own size is marked."""
    print(f"An answer's whole text in the best chunk, and in the best of {TOKENS} tokens together")
    print("| tokens | overlap | en best | en all | zh best | zh all | tokens embedded |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        en, zh = row["en"], row["zh"]
        if not isinstance(en, dict) or not isinstance(zh, dict):
            raise TypeError("a row without its languages")
        cells = [f"{found[key]:.3f}" for found in (en, zh) for key in ("first", "within")]
        size = f"**{row['size']}**" if row["size"] == MAX_TOKENS else str(row["size"])
        total = f"{en['tokens'] + zh['tokens']:,}"
        print(f"| {size} | {row['overlap']:.0%} | {' | '.join(cells)} | {total} |")


if __name__ == "__main__":
    sys.exit(main())
