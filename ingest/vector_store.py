"""The library as a LangChain vector store, for any program that takes one.

What is added here is a document of the library, and what the library has from files is found
here, too. It does not know how either is stored or ranked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from langchain_core.vectorstores.utils import maximal_marginal_relevance

from ingest.document import Passage
from ingest.errors import LibraryError
from ingest.filter import Filter
from ingest.library import Library
from ingest.texts import Text, add_texts, remove_texts, sources_where, texts_by_id, texts_of

PASSAGE = "chunk:"
"""What the ids of passages from files begin with."""

Ranking = list[tuple[int, float]]
Narrowing = Filter | Mapping[str, Any] | None


@dataclass(frozen=True)
class _Found:
    document: Document
    score: float
    chunk: int


class LibraryVectorStore(VectorStore):
    """Adds texts to a library and searches all that is in it; safe to share by threads.

    A text that was added comes back whole, with its id and its metadata as JSON keeps them; of a
    file come passages, with the metadata of `Library.search`. `similarity_search` ranks as the
    library does, by meaning and by words. What gives a score or takes a vector ranks by meaning
    alone: the score is the cosine, 1 is the most alike.

    `filter` is a Filter, or a dictionary of metadata: each value, or one of a list of values, must
    be a document's own. Raises LibraryError for what cannot be stored or asked.
    """

    def __init__(self, library: Library) -> None:
        self.library = library

    @classmethod
    def from_texts(
        cls,
        texts: Iterable[str],
        embedding: Embeddings | None = None,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        library: Library | str | Path | None = None,
        **kwargs: Any,
    ) -> LibraryVectorStore:
        """A store over a library, or over that in a folder, by default the settings', and texts.

        `embedding` is a KvasirEmbeddings, by default that of the settings.
        """
        if embedding is not None and not hasattr(embedding, "token_starts"):
            raise LibraryError(
                f"{type(embedding).__name__} does not say where tokens start, which a library "
                "needs. Give a KvasirEmbeddings: it takes any sentence-transformers model"
            )
        chosen: Any = embedding
        if not isinstance(library, Library):
            library = Library(library, embedder=chosen)
        elif chosen is not None and chosen.name != library.embedder.name:
            raise LibraryError(
                f"the library {library.folder} is searched with {library.embedder.name}, not with "
                f"{chosen.name}: leave the embedding out, or open the library with it"
            )
        store = cls(library)
        store.add_texts(texts, metadatas, ids=ids)
        return store

    @property
    def embeddings(self) -> Embeddings | None:
        """The library's embedder, where it is one of LangChain's."""
        embedder = self.library.embedder
        return embedder if isinstance(embedder, Embeddings) else None

    # Changing things

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Add texts, each in the place of one of its id, and give the ids: made up where missing.

        Raises LibraryError, before anything is changed, for a blank text, for metadata that is no
        JSON, and where there are more or fewer metadatas or ids than texts.
        """
        given = list(texts)
        for name, others in (("metadatas", metadatas), ("ids", ids)):
            if others is not None and len(others) != len(given):
                raise LibraryError(f"there are {len(given)} texts and {len(others)} {name}")
        known = [id or str(uuid4()) for id in ids or [None] * len(given)]
        described = metadatas or [{}] * len(given)
        add_texts(self.library, map(Text, known, given, described))
        return known

    def delete(self, ids: Sequence[str] | None = None, **kwargs: Any) -> bool:
        """Remove texts by id, without ids all that were added; what came from files stays.

        False where an id is that of a file's passage, which cannot go alone.
        """
        remove_texts(self.library, ids)
        return not (ids and self._passages(ids))

    # Looking things up

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """The documents of these ids, in their order; unknown ones are left out."""
        wanted = list(dict.fromkeys(ids))
        texts = texts_by_id(self.library, wanted)
        passages = self._passages(id for id in wanted if id not in texts)
        found = {id: _whole(text) for id, text in texts.items()}
        found |= {_passage_id(passage): _part(passage) for passage in passages}
        return [found[id] for id in wanted if id in found]

    def similarity_search(
        self, query: str, k: int = 4, filter: Narrowing = None, **kwargs: Any
    ) -> list[Document]:
        """The k documents that bear most on a question, best first; [] for a blank one."""

        def rank(depth: int, narrow: Filter | None) -> Ranking:
            hits = self.library.search(query, depth, narrow)
            return [(hit.metadata["chunk_id"], hit.metadata["score"]) for hit in hits]

        return [found.document for found in self._find(rank, k, filter)]

    def similarity_search_with_score(
        self, query: str, k: int = 4, filter: Narrowing = None, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """The k documents nearest to a question in meaning, with cosines, best first."""
        if not query.strip():
            return []
        return self._nearest_with_score(self.library.embedder.embed_query(query), k, filter)

    def similarity_search_by_vector(
        self, embedding: Sequence[float], k: int = 4, filter: Narrowing = None, **kwargs: Any
    ) -> list[Document]:
        """The k documents nearest to a vector, best first."""
        return [document for document, _ in self._nearest_with_score(embedding, k, filter)]

    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        filter: Narrowing = None,
        **kwargs: Any,
    ) -> list[Document]:
        """k of the fetch_k nearest documents: 1 for the nearest, 0 for the most unlike each other.

        Carbonell and Goldstein, SIGIR 1998.
        """
        if not query.strip():
            return []
        vector = self.library.embedder.embed_query(query)
        return self.max_marginal_relevance_search_by_vector(vector, k, fetch_k, lambda_mult, filter)

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: Sequence[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        filter: Narrowing = None,
        **kwargs: Any,
    ) -> list[Document]:
        """As `max_marginal_relevance_search`, for a vector."""
        vector = _unit(embedding)
        found = self._find(self._nearest(vector), max(k, fetch_k), filter)
        ids, rows = self.library.store.embeddings([each.chunk for each in found])
        vectors = dict(zip(ids, rows, strict=True))
        found = [each for each in found if each.chunk in vectors]
        order = maximal_marginal_relevance(
            vector, [vectors[each.chunk] for each in found], lambda_mult, k
        )
        return [found[place].document for place in order]

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        return lambda cosine: min(max(cosine, 0.0), 1.0)

    def _nearest_with_score(
        self, embedding: Sequence[float], k: int, filter: Narrowing
    ) -> list[tuple[Document, float]]:
        found = self._find(self._nearest(_unit(embedding)), k, filter)
        return [(each.document, each.score) for each in found]

    def _nearest(self, vector: np.ndarray) -> Callable[[int, Filter | None], Ranking]:
        return lambda depth, narrow: self.library.nearest_to(vector.tolist(), depth, narrow)

    def _find(
        self, rank: Callable[[int, Filter | None], Ranking], k: int, filter: Narrowing
    ) -> list[_Found]:
        """The k best documents of a ranking of chunks; of a long text, its best chunk counts."""
        if isinstance(filter, Mapping) and filter:
            sources = sources_where(self.library, filter)
            if not sources:
                return []
            filter = Filter(sources=tuple(sources))
        if filter is not None and not isinstance(filter, Filter | Mapping):
            raise LibraryError(f"{filter!r:.80} is no filter: give a Filter or a dictionary")
        narrow = filter if isinstance(filter, Filter) else None
        depth = k
        while k > 0:
            ranking = rank(depth, narrow)
            found = self._documents(ranking)
            if len(found) >= k or len(ranking) < depth:
                return found[:k]
            depth *= 2
        return []

    def _documents(self, ranking: Ranking) -> list[_Found]:
        passages = {p.chunk_id: p for p in self.library.store.passages([c for c, _ in ranking])}
        texts = texts_of(self.library, {p.document_id for p in passages.values()})
        found: dict[str | int, _Found] = {}
        for chunk, score in ranking:
            passage = passages.get(chunk)  # it may have gone since it was ranked
            if passage is None:
                continue
            text = texts.get(passage.document_id)
            document = _whole(text) if text else _part(passage, score=score)
            found.setdefault(text.source if text else chunk, _Found(document, score, chunk))
        return list(found.values())

    def _passages(self, ids: Iterable[str]) -> list[Passage]:
        """The passages from files that have such ids."""
        numbers = [id.removeprefix(PASSAGE) for id in ids if id.startswith(PASSAGE)]
        chunks = [int(n) for n in numbers if n.isascii() and n.isdigit() and len(n) < 19]
        passages = self.library.store.passages(chunks)
        texts = texts_of(self.library, {passage.document_id for passage in passages})
        return [passage for passage in passages if passage.document_id not in texts]


def _whole(text: Text) -> Document:
    return Document(text.text, id=text.id, metadata=dict(text.metadata))


def _part(passage: Passage, **more: Any) -> Document:
    metadata = asdict(passage) | {"headings": list(passage.headings)} | more
    content = metadata.pop("text")
    return Document(content, id=_passage_id(passage), metadata=metadata)


def _passage_id(passage: Passage) -> str:
    return f"{PASSAGE}{passage.chunk_id}"


def _unit(embedding: Sequence[float]) -> np.ndarray:
    """The vector with length 1."""
    vector = np.array(embedding, np.float32)
    length = float(np.linalg.norm(vector)) if vector.ndim == 1 else 0.0
    if not np.isfinite(length) or length == 0:
        raise LibraryError("a vector to search by must be a list of finite numbers, not all 0")
    return vector / length
