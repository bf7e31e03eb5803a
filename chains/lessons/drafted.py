"""Examples from a library's own chunks: drafted questions, and sentences with a gap."""

import random
from collections.abc import Iterable, Iterator

from langchain_core.documents import Document

from chains.evaluation.gold import Gold
from chains.evaluation.scores import holds
from chains.lessons.example import Example, Passage
from chains.lessons.gaps import with_gaps
from ingest import Library

FOUND = 6  # passages that a question is looked for in
MOST_GAPS = 4  # sentences of one chunk


def as_examples(library: Library, golds: Iterable[Gold]) -> Iterator[Example]:
    """Questions with the chunks that their answers stand in, as the library's search finds them.

    What else it finds, and does not hold the answer, are the rivals. Questions whose own chunk is
    not found are left out.
    """
    for gold in golds:
        found = library.search(gold.question, k=FOUND)
        own = next((hit for hit in found if _holds_quote(hit, gold)), None)
        if own is None:
            continue
        others = [hit for hit in found if not holds(hit.page_content, gold.answers)]
        yield Example(
            gold.question, gold.answers, _passage(own), tuple(_passage(hit) for hit in others)
        )


def with_gaps_in(library: Library, most: int, seed: int) -> list[Example]:
    """Up to so many of the library's sentences with a gap, from chunks all over it."""
    ids = library.store.chunk_ids()
    chosen = random.Random(seed).sample(ids, min(most, len(ids)))
    passages = [
        Passage(chunk.text, chunk.title, chunk.source) for chunk in library.store.passages(chosen)
    ]
    each = min(MOST_GAPS, -(-most // max(len(passages), 1)))
    return list(with_gaps(passages, each, seed))[:most]


def _holds_quote(hit: Document, gold: Gold) -> bool:
    quote, text = "".join(gold.quote.split()), "".join(hit.page_content.split())
    return hit.metadata["source"] == gold.source and quote in text


def _passage(hit: Document) -> Passage:
    title = hit.metadata.get("title") or ""
    return Passage(hit.page_content, title, hit.metadata["source"])
