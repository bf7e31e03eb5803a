"""The library with its real embedder: what fits into it, and what it finds."""

import json
from pathlib import Path

import pytest

from ingest import Library, sync
from ingest.page import Page
from ingest.split import embedding_text, split_page
from models.embeddings import KvasirEmbeddings

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
PARAGRAPHS, QUESTIONS = 16, 2


@pytest.fixture(scope="module")
def embedder() -> KvasirEmbeddings:
    return KvasirEmbeddings()


@pytest.mark.parametrize("budget", [64, 256, 100_000])
@pytest.mark.parametrize(
    "text", ["注意力机制是大模型的核心，", "The fox naps at noon. ", "🎉ß½ﷺ", "x"]
)
def test_no_chunk_is_longer_than_the_embedder_reads(
    embedder: KvasirEmbeddings, text: str, budget: int
) -> None:
    page = Page(1, text * 1000)
    for chunk in split_page(page, embedder, budget):
        read = embedder.token_starts("passage: " + embedding_text(chunk))
        assert len(read) + 2 <= embedder.max_tokens  # the first and the last token mark the ends


@pytest.mark.usefixtures("plain_loader")
@pytest.mark.parametrize(("language", "floor"), [("en", 0.95), ("zh", 0.93)])
def test_the_right_paragraph_is_found_first(
    tmp_path: Path, embedder: KvasirEmbeddings, language: str, floor: float
) -> None:
    """A part of benchmarks/retrieval.py: few questions, so that it is quick."""
    path = SHARED / "qa" / f"xquad.{language}.dev.json"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    articles = json.loads(path.read_text("utf-8"))["data"]
    paragraphs = [p for article in articles for p in article["paragraphs"]][:PARAGRAPHS]
    (tmp_path / "docs").mkdir()
    for number, paragraph in enumerate(paragraphs):
        (tmp_path / f"docs/{number}.txt").write_text(paragraph["context"], "utf-8")
    with Library(tmp_path / "library", embedder=embedder) as library:
        sync(library, [tmp_path / "docs"])
        right = [
            library.search(question["question"], 1)[0].metadata["title"] == str(number)
            for number, paragraph in enumerate(paragraphs)
            for question in paragraph["qas"][:QUESTIONS]
        ]
    assert sum(right) / len(right) >= floor
