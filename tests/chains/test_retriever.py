"""LangChain's standard suite for retrievers, over a real library."""

import pytest
from langchain_core.documents import Document
from langchain_tests.integration_tests import RetrieversIntegrationTests

from chains.retriever import LibraryRetriever
from ingest import Filter, Library
from models.chat_model import KvasirChat


class TestLibraryRetriever(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def _library(self, library: Library) -> None:
        self._params = {"library": library, "k": 3}

    @property
    def retriever_constructor(self) -> type[LibraryRetriever]:
        return LibraryRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, object]:
        return self._params

    @property
    def retriever_query_example(self) -> str:
        return "cats"


def test_the_best_passage_comes_first_with_its_place(library: Library) -> None:
    found = LibraryRetriever(library=library, k=2).invoke("红茶起源于哪里？")
    assert len(found) == 2
    best: Document = found[0]
    assert best.metadata["source"].endswith("茶.txt")
    page = library.page(best.metadata["source"], best.metadata["page"])
    assert page.text[best.metadata["start"] : best.metadata["end"]] == best.page_content


def test_a_filter_says_what_may_be_found(library: Library) -> None:
    retriever = LibraryRetriever(library=library, filter=Filter(languages=("zh",)))
    found = retriever.invoke("How long do cats sleep each day?")
    assert [passage.metadata["source"][-5:] for passage in found] == ["茶.txt"]


def test_a_filter_given_with_a_question_narrows_its_own(library: Library) -> None:
    cats, lighthouse, tea = (document.source for document in library.documents())

    def found(own: Filter | None, given: Filter | None) -> set[str]:
        retriever = LibraryRetriever(library=library, filter=own)
        passages = retriever.invoke("How long do cats sleep each day?", filter=given)
        return {passage.metadata["source"] for passage in passages}

    both = Filter(sources=(cats, tea))
    assert found(None, Filter(sources=lighthouse)) == {lighthouse}
    assert found(both, None) == found(both, both) == {cats, tea}
    assert found(both, Filter(languages="zh")) == {tea}
    assert found(both, Filter(sources=(tea, lighthouse))) == {tea}
    assert found(both, Filter(sources=lighthouse)) == set()


@pytest.mark.parametrize("question", ["", "  ", "zzz"])
def test_whatever_is_asked_gives_passages_or_none(library: Library, question: str) -> None:
    assert len(LibraryRetriever(library=library, k=2).invoke(question)) <= 2


def test_what_stands_in_quotes_comes_first_whatever_a_model_thinks(
    library: Library, chat: KvasirChat
) -> None:
    question = 'Cats sleep for how long, says who wrote of "Sostratus of Cnidus"?'
    retriever = LibraryRetriever(library=library, rerank="likelihood", llm=lambda: chat)
    assert retriever.invoke(question)[0].metadata["source"].endswith("lighthouse.txt")


def test_what_is_wanted_of_many_is_given(library: Library) -> None:
    plain = {"rerank": "off", "variety": False, "join": 0}
    for k in (1, 2, 3):
        found = LibraryRetriever(library=library, k=k, **plain).invoke("cats and tea")
        assert found == library.search("cats and tea", k)
