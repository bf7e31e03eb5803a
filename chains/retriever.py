"""The library as a LangChain retriever."""

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from ingest import Library


class LibraryRetriever(BaseRetriever):
    """The `k` passages of a library that bear most on a question, best first.

    Their metadata is that of `Library.search`: source, page, start, end, score and more.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    library: Library
    k: int = Field(default=5, ge=1)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        return self.library.search(query, k=k or self.k)
