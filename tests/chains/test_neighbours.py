"""Neighbours among the passages found become one passage: a span of one page, within a budget."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.documents import Document

from chains.neighbours import join
from ingest import Library, sync
from models.embeddings import KvasirEmbeddings

PARAGRAPH = "Sentence {n} tells of the lighthouse and of the keeper who lit it every evening. " * 12


@pytest.fixture
def long_library(tmp_path: Path, embedder: KvasirEmbeddings) -> Iterator[Library]:
    """One document of several chunks on one page."""
    (tmp_path / "documents").mkdir()
    text = "\n\n".join(PARAGRAPH.format(n=n) for n in range(5))
    (tmp_path / "documents" / "long.txt").write_text(text, "utf-8")
    with Library(tmp_path / "library", embedder=embedder) as library:
        assert not sync(library, [tmp_path / "documents"]).failed
        yield library


def found_in(library: Library) -> list[Document]:
    """All chunks, in the page's order."""
    found = library.search("lighthouse keeper", 20)
    return sorted(found, key=lambda passage: passage.metadata["start"])


def test_neighbours_become_one_span_of_their_page(long_library: Library) -> None:
    chunks = found_in(long_library)
    assert len(chunks) > 3
    best, other, third = chunks[2], chunks[0], chunks[1]
    [whole] = join(long_library, [best, other, third], 10_000)
    metadata = whole.metadata
    page = long_library.page(metadata["source"], metadata["page"])
    assert page.text[metadata["start"] : metadata["end"]] == whole.page_content
    assert whole.page_content.startswith(other.page_content)
    assert whole.page_content.endswith(best.page_content)
    assert metadata["chunk_id"] == best.metadata["chunk_id"]
    assert metadata["chunk_ids"] == [c.metadata["chunk_id"] for c in chunks[:3]]
    assert metadata["score"] == best.metadata["score"]


def test_only_what_was_found_is_joined(long_library: Library) -> None:
    first, _, third, *_ = found_in(long_library)
    assert join(long_library, [first, third], 10_000) == [first, third]


def test_the_budget_holds(long_library: Library) -> None:
    chunks = found_in(long_library)
    spans = long_library.store.neighbours(chunks[0].metadata["chunk_id"], 1)
    both = sum(span.tokens for span in spans)
    assert len(join(long_library, chunks[:2], both - 1)) == 2
    assert len(join(long_library, chunks[:2], both)) == 1


def test_a_page_that_went_or_changed_leaves_its_passages_as_they_are(
    long_library: Library, tmp_path: Path
) -> None:
    chunks = found_in(long_library)
    long_library.remove(str(tmp_path / "documents" / "long.txt"))
    assert join(long_library, chunks, 10_000) == chunks
    assert join(long_library, [], 10_000) == []
