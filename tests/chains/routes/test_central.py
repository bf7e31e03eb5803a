"""The central sentences of a document."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chains.evidence import EvidenceReader
from chains.routes.central import SECTIONS, central_sentences, lexrank
from ingest import Library, add_upload
from models.embeddings import KvasirEmbeddings


@given(st.integers(1, 12), st.integers(0, 99))
def test_the_most_central_vector_ranks_one_and_none_less_than_nought(size: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).standard_normal((size, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ranks = lexrank(vectors)
    assert ranks.max() == 1.0
    assert ranks.min() > 0


def test_what_many_sentences_say_is_central() -> None:
    near = np.eye(8)[:1] + 0.3 * np.eye(8)[1:6]
    vectors = np.concatenate([near, np.eye(8)[6:]])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert lexrank(vectors)[:5].min() > lexrank(vectors)[5:].max()


def test_as_many_sentences_as_asked_for_in_reading_order_none_twice(
    zoo: Library, reader: EvidenceReader
) -> None:
    fox = next(d for d in zoo.documents() if d.title == "fox")
    central = central_sentences(zoo, fox, reader, 4)
    starts = [place.start for place in central.places]
    assert len(starts) == 4
    assert starts == sorted(set(starts))


def test_of_a_long_document_only_so_many_passages_are_read(
    tmp_path_factory: object, reader: EvidenceReader, embedder: KvasirEmbeddings
) -> None:
    folder = tmp_path_factory.mktemp("long")  # type: ignore[attr-defined]
    lines = (
        f"In the year {1000 + i} the king of the island counted his ships." for i in range(900)
    )
    with Library(folder / "library", embedder=embedder) as library:
        add_upload(library, "island.txt", "\n\n".join(lines).encode())
        central = central_sentences(library, library.documents()[0], reader)
    assert central.passages > central.read
    assert central.read <= SECTIONS + 1
    pages = [place.start for place in central.places]
    assert max(pages) - min(pages) > 10_000
