"""LangChain's standard suite for retrievers, over a real library."""

import pytest
from langchain_core.documents import Document
from langchain_tests.integration_tests import RetrieversIntegrationTests

from chains.retriever import LibraryRetriever
from ingest import Library


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
