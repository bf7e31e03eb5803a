"""The library as LangChain's vector store: its standard suite, and what it promises beyond."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings
from langchain_tests.integration_tests import VectorStoreIntegrationTests
from word_embedder import WordEmbedder

from ingest import Filter, Library, LibraryError, LibraryVectorStore, rebuild, sync
from ingest.doctor import examine
from models.embeddings import KvasirEmbeddings

WHALE, FOX = "Whales sing in the deep sea.", "Foxes nap under old trees."
LONG = " ".join(f"Sentence {n} tells of boats and harbours." for n in range(300))


@pytest.fixture(scope="module")
def real_embedder() -> KvasirEmbeddings:
    return KvasirEmbeddings()


@pytest.fixture
def store(library: Library) -> LibraryVectorStore:
    return LibraryVectorStore(library)


class TestStandardSuite(VectorStoreIntegrationTests):
    """With the real embedder, and a library of its own for each test, found sound behind it."""

    @pytest.fixture
    def vectorstore(
        self, tmp_path: Path, real_embedder: KvasirEmbeddings
    ) -> Iterator[LibraryVectorStore]:
        with Library(tmp_path / "library", embedder=real_embedder) as library:
            yield LibraryVectorStore(library)
            assert examine(library) == []


class TestStandardSuiteOfAnotherEmbedder(VectorStoreIntegrationTests):
    """With vectors that mean nothing: only equal texts are alike."""

    @pytest.fixture
    def vectorstore(self, library: Library) -> LibraryVectorStore:
        return LibraryVectorStore(library)


# ---- texts and metadata come back as they were given


def test_a_text_longer_than_a_chunk_comes_back_whole(store: LibraryVectorStore) -> None:
    store.add_texts([LONG, WHALE], ids=["long", "whale"])
    document = store.library.document("text:long")
    assert document is not None
    assert (document.origin, document.pages) == ("loader", 1)
    assert document.chunks > 2
    assert [d.page_content for d in store.get_by_ids(["long"])] == [LONG]
    found = store.similarity_search("Sentence 7 tells of boats", k=5)
    assert [d.id for d in found] == ["long", "whale"]
    assert found[0].page_content == LONG
    assert store.similarity_search_with_score("boats", k=5)[0][0].id == "long"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_metadata_come_back_as_they_were_given(
    store: LibraryVectorStore, metadata: dict[str, Any]
) -> None:
    store.add_texts([WHALE], [metadata], ids=["w"])
    assert store.get_by_ids(["w"]) == [Document(WHALE, id="w", metadata=metadata)]


def test_a_rebuild_keeps_ids_and_metadata(store: LibraryVectorStore) -> None:
    given = Document(LONG, id="long", metadata={"page": 3, "tags": ["a", "b"], "source": "b.pdf"})
    store.add_documents([given])
    rebuild(store.library)
    assert store.get_by_ids(["long"]) == [given]
    assert examine(store.library) == []


def test_another_id_is_another_document_though_the_text_is_the_same(
    store: LibraryVectorStore, embedder: WordEmbedder
) -> None:
    store.add_texts([WHALE] * 2, [{"n": 1}, {"n": 2}], ids=["a", "b"])
    assert embedder.embedded == 1
    assert {d.metadata["n"] for d in store.similarity_search("whales", k=4)} == {1, 2}


def test_texts_may_change_places_in_one_call(store: LibraryVectorStore) -> None:
    store.add_texts([WHALE, FOX], ids=["a", "b"])
    store.add_texts([FOX, WHALE], ids=["a", "b"])
    assert [d.page_content for d in store.get_by_ids(["a", "b"])] == [FOX, WHALE]
    assert examine(store.library) == []


def test_other_metadata_embed_nothing_anew(
    store: LibraryVectorStore, embedder: WordEmbedder
) -> None:
    store.add_texts([LONG], [{"n": 1}], ids=["a"])
    before = embedder.embedded
    store.add_texts([LONG], [{"n": 2}], ids=["a"])
    assert store.get_by_ids(["a"])[0].metadata == {"n": 2}
    assert embedder.embedded == before


def test_ids_are_made_up_where_they_are_missing(store: LibraryVectorStore) -> None:
    ids = store.add_documents([Document(WHALE, id="w"), Document(FOX)])
    assert ids[0] == "w"
    assert [d.page_content for d in store.get_by_ids(ids)] == [WHALE, FOX]


# ---- what else the library holds


@pytest.fixture
def mixed(store: LibraryVectorStore, tmp_path: Path, plain_loader: object) -> LibraryVectorStore:
    """A whale that was added, and a fox in a file."""
    (tmp_path / "fox.txt").write_text(FOX)
    sync(store.library, [tmp_path / "fox.txt"])
    store.add_texts([WHALE], [{"kind": "sea", "depth": 3, "loud": True}], ids=["whale"])
    return store


def test_what_came_from_files_is_found_with_its_place(mixed: LibraryVectorStore) -> None:
    (found,) = mixed.similarity_search("Foxes nap", k=1)
    source, start, end = (found.metadata[key] for key in ("source", "start", "end"))
    assert mixed.library.page(source, found.metadata["page"]).text[start:end] == FOX
    (again,) = mixed.get_by_ids([found.id or ""])
    assert (again.id, again.page_content) == (found.id, FOX)


def test_deleting_leaves_what_came_from_files(mixed: LibraryVectorStore) -> None:
    (fox,) = mixed.similarity_search("Foxes nap", k=1)
    assert mixed.delete([fox.id or ""]) is False
    assert mixed.delete() is True
    assert [d.page_content for d in mixed.similarity_search("whales and foxes", k=4)] == [FOX]
    assert examine(mixed.library) == []


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ({"kind": "sea"}, {WHALE}),
        ({"kind": ["land", "sea"]}, {WHALE}),
        ({"depth": 3.0, "loud": True}, {WHALE}),
        ({"loud": 1}, set()),
        ({"depth": "3"}, set()),
        ({"kind": None}, set()),
        ({"nothing": "x"}, set()),
        ({"title": "fox"}, {FOX}),
        ({}, {WHALE, FOX}),
        (None, {WHALE, FOX}),
        (Filter(origins=("path",)), {FOX}),
        (Filter(sources=("text:whale",)), {WHALE}),
    ],
)
def test_a_filter_narrows_every_search(
    mixed: LibraryVectorStore, filter: Any, expected: set[str]
) -> None:
    vector = mixed.library.embedder.embed_query("animals")
    found = [
        mixed.similarity_search("Whales sing, foxes nap", k=4, filter=filter),
        [d for d, _ in mixed.similarity_search_with_score("animals", k=4, filter=filter)],
        mixed.similarity_search_by_vector(vector, k=4, filter=filter),
        mixed.max_marginal_relevance_search("animals", k=4, filter=filter),
        mixed.as_retriever(search_kwargs={"filter": filter}).invoke("Whales sing, foxes nap"),
    ]
    assert [{d.page_content for d in documents} for documents in found] == [expected] * 5


# ---- scores and diversity


def test_scores_are_cosines_best_first(store: LibraryVectorStore) -> None:
    texts = [WHALE, FOX, "Whales nap in the sea."]
    store.add_texts(texts)
    scored = store.similarity_search_with_score(WHALE, k=3)
    scores = [score for _, score in scored]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(1, abs=1e-3)
    query = np.array(store.library.embedder.embed_query(WHALE))
    rows = store.library.embedder.embed_array([d.page_content for d, _ in scored])
    assert scores == pytest.approx((rows @ query).tolist(), abs=2e-3)
    near = store.as_retriever(
        search_type="similarity_score_threshold", search_kwargs={"score_threshold": 0.99}
    )
    assert [d.page_content for d in near.invoke(WHALE)] == [WHALE]


def test_diversity_passes_over_what_says_the_same(store: LibraryVectorStore) -> None:
    same = [WHALE + " Again." * n for n in range(3)]
    store.add_texts([*same, FOX])
    nearest = store.max_marginal_relevance_search(WHALE, k=2, lambda_mult=1)
    varied = store.max_marginal_relevance_search(WHALE, k=2, lambda_mult=0)
    assert [d.page_content for d in nearest] == same[:2]
    assert [d.page_content for d in varied] == [WHALE, FOX]
    assert store.max_marginal_relevance_search(" ", k=2) == []


# ---- what cannot be done says so, and loses nothing


def test_one_bad_text_keeps_all_out(store: LibraryVectorStore) -> None:
    store.add_texts([FOX], ids=["fox"])
    for texts, metadatas, ids, message in [
        ([WHALE, " \n"], None, ["w", "blank"], "the text 'blank' is blank"),
        ([WHALE], [{"at": object()}], ["w"], "metadata of 'w' cannot be kept as JSON"),
        ([WHALE], [{"x": float("nan")}], ["w"], "cannot be kept as JSON"),
        ([WHALE], None, ["w\0"], "is no id"),
        ([WHALE], None, ["w\ud800"], "is no id"),
        ([WHALE], None, ["w" * 2000], "is no id"),
        ([WHALE], [], ["w"], "1 texts and 0 metadatas"),
        ([WHALE], None, ["w", "x"], "1 texts and 2 ids"),
    ]:
        with pytest.raises(LibraryError, match=message):
            store.add_texts(texts, metadatas, ids=ids)
    assert [d.source for d in store.library.documents()] == ["text:fox"]


def test_what_is_no_vector_and_no_filter_is_refused(mixed: LibraryVectorStore) -> None:
    for vector in ([], [0.0] * 64, [float("nan")] * 64, [[1.0]]):
        with pytest.raises(LibraryError, match="a vector to search by must be"):
            mixed.similarity_search_by_vector(vector)  # type: ignore[arg-type]
    with pytest.raises(LibraryError, match="vectors of 64 numbers, not 3"):
        mixed.similarity_search_by_vector([1.0, 0, 0])
    with pytest.raises(LibraryError, match="is no filter"):
        mixed.similarity_search("fox", filter=lambda document: True)  # type: ignore[arg-type]
    with pytest.raises(LibraryError, match="metadata cannot be searched for kind"):
        mixed.similarity_search("fox", filter={"kind": {"$in": ["a"]}})


def test_blank_questions_and_k_of_none_find_nothing(mixed: LibraryVectorStore) -> None:
    assert mixed.similarity_search("  ") == []
    assert mixed.similarity_search_with_score("") == []
    assert mixed.similarity_search("fox", k=0) == []


# ---- made from texts


def test_from_documents_fills_the_library_of_a_folder(tmp_path: Path) -> None:
    class Words(WordEmbedder, Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [[float(x) for x in row] for row in self.embed_array(texts)]

    words = Words()
    given = [Document(WHALE, id="w", metadata={"a": 1})]
    store = LibraryVectorStore.from_documents(given, words, library=tmp_path / "new")
    assert store.similarity_search("whales") == given
    assert store.embeddings is words
    asyncio.run(LibraryVectorStore.afrom_documents([Document(FOX)], words, library=store.library))
    assert len(store.similarity_search("whales and foxes")) == 2
    with pytest.raises(LibraryError, match="is searched with words, not with others"):
        LibraryVectorStore.from_texts([FOX], Words(name="others"), library=store.library)
    with pytest.raises(LibraryError, match="DeterministicFakeEmbedding does not say where tokens"):
        LibraryVectorStore.from_texts([FOX], DeterministicFakeEmbedding(size=6))
    store.library.close()
