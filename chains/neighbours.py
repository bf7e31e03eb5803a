"""Passages that stand beside one another, put together again.

It does not know how they were found.
"""

from collections.abc import Container, Sequence

from langchain_core.documents import Document

from ingest import Library
from ingest.document import ChunkSpan
from ingest.errors import LibraryError

REACH = 4  # chunks to each side that may be joined


def join(library: Library, passages: Sequence[Document], budget: int) -> list[Document]:
    """The passages, best first as given, each with those of its neighbours that are among them.

    Neighbours follow one another on one page, and have `budget` of the embedder's tokens together
    at most. A joined passage is the page's text from `start` to `end`; it takes the place and the
    rest of the metadata of its best one, and names all of them in `chunk_ids`. A page that went
    meanwhile leaves its passages as they are.
    """
    places = {passage.metadata["chunk_id"]: place for place, passage in enumerate(passages)}
    joined: list[Document] = []
    taken: set[int] = set()
    for passage in passages:
        chunk = passage.metadata["chunk_id"]
        if chunk in taken:
            continue
        wanted = places.keys() - taken
        run = _run(library.store.neighbours(chunk, REACH), chunk, wanted, budget)
        parts = [passages[places[span.id]] for span in run]
        whole = _joined(library, passage, run, parts) if len(run) > 1 else None
        taken.update(span.id for span in run if whole)
        joined.append(whole or passage)
    return joined


def _run(
    spans: Sequence[ChunkSpan], chunk: int, wanted: Container[int], budget: int
) -> list[ChunkSpan]:
    """The wanted chunks around one, in the page's order, nearest first as the budget lasts."""
    here = next((i for i, span in enumerate(spans) if span.id == chunk), None)
    if here is None:  # it went meanwhile
        return []
    first, last, tokens = here, here, spans[here].tokens
    grown = True
    while grown:
        grown = False
        for place in (last + 1, first - 1):
            if not 0 <= place < len(spans) or spans[place].id not in wanted:
                continue
            if tokens + spans[place].tokens <= budget:
                first, last = min(first, place), max(last, place)
                tokens, grown = tokens + spans[place].tokens, True
    return list(spans[first : last + 1])


def _joined(
    library: Library, best: Document, run: Sequence[ChunkSpan], parts: Sequence[Document]
) -> Document | None:
    """The run as one passage; None if its page went, or changed, since it was searched."""
    try:
        page = library.page(best.metadata["source"], best.metadata["page"])
    except LibraryError:
        return None
    start, end = run[0].start, run[-1].end
    if page.text[best.metadata["start"] : best.metadata["end"]] != best.page_content:
        return None
    headings = dict.fromkeys(title for part in parts for title in part.metadata["headings"])
    metadata = {
        **best.metadata,
        "start": start,
        "end": end,
        "headings": list(headings),
        "chunk_ids": [span.id for span in run],
    }
    return Document(page.text[start:end], metadata=metadata)
