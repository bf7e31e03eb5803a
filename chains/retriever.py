"""The library as a LangChain retriever: search, rerank, nothing twice, neighbours joined."""

from collections.abc import Callable, Sequence

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from chains.neighbours import join
from chains.rerank import rerank
from chains.thinning import distinct, varied
from ingest import Filter, Library
from models.chat_model import chat_model
from models.settings import get_settings

CANDIDATES = 10  # passages that are looked at for each question, or twice as many as are wanted
JOINED = 256  # tokens of joined neighbours, at most: as much as one chunk may have
KV = "kv"  # the library's folder for its passages' KV
NOTHING = "nothing:"  # the source of no document


class LibraryRetriever(BaseRetriever):
    """The `k` passages of a library that bear most on a question, best first.

    Their metadata is that of `Library.search`: source, page, start, end, score and more; a passage
    of several neighbouring chunks names them in `chunk_ids`. `filter` says what may be found; one
    given with a question, `invoke(question, filter=…)`, narrows it further.

    `rerank` is as in `chains.rerank`; "auto" needs an `llm`, called for the model when it is
    wanted, "likelihood" takes the settings' own without one. `variety` drops near-duplicates and
    spares documents that have their say already. Neighbours among the passages found are joined up
    to `join` tokens of the embedder's, 0 for never.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    library: Library
    k: int = Field(default=5, ge=1)
    filter: Filter | None = None
    rerank: str = Field(default_factory=lambda: get_settings().rerank)
    llm: Callable[[], BaseChatModel] | None = None
    variety: bool = True
    join: int = Field(default=JOINED, ge=0)

    def narrowed(self, filter: Filter | None) -> Filter | None:
        """What lets through only what both its own filter and another one do."""
        if filter is None or self.filter is None or filter == self.filter:
            return filter or self.filter
        store = self.library.store
        ids = set(store.documents_where(self.filter)) & set(store.documents_where(filter))
        sources = (each.source for each in self.library.documents() if each.id in ids)
        return Filter(sources=tuple(sources) or (NOTHING,))

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        k: int | None = None,
        filter: Filter | None = None,
    ) -> list[Document]:
        wanted = k or self.k
        narrow = self.narrowed(filter)
        found = self.library.search(query, max(CANDIDATES, 2 * wanted), narrow)
        model = self.llm or (chat_model if self.rerank == "likelihood" else None)
        found = rerank(query, found, self.rerank, model, self.library.folder / KV)
        # What is asked for to the letter stays first, whatever a model thinks of it.
        found.sort(key=lambda passage: -passage.metadata["exact"])
        if self.variety:
            found = distinct(found, self._vectors(found))
        if self.join:
            found = join(self.library, found, self.join)
        if self.variety:
            found = varied(found, self._vectors(found), wanted)
        return found[:wanted]

    def _vectors(self, passages: Sequence[Document]) -> np.ndarray:
        """The passages' stored vectors, in rows; zeros for one that went meanwhile."""
        ids = [passage.metadata["chunk_id"] for passage in passages]
        known, rows = self.library.store.embeddings(ids)
        places = dict(zip(known, rows, strict=True))
        nothing = np.zeros(rows.shape[1] if len(rows) else 1, np.float32)
        return np.array([places.get(chunk, nothing) for chunk in ids])
