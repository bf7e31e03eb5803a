"""A small embedder without a model: a vector is a sum over the words, a token is a word."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence

import numpy as np

TOKEN = re.compile(r"[\u4e00-\u9fff]|[^\s\u4e00-\u9fff]{1,8}")


class WordEmbedder:
    """Implements ingest.embedder.Embedder; equal texts have equal vectors, always."""

    def __init__(self, name: str = "words", dimensions: int = 64, max_tokens: int = 512) -> None:
        self.name = name
        self.dimensions = dimensions
        self.max_tokens = max_tokens
        self.embedded = 0

    def embed_array(
        self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None
    ) -> np.ndarray:
        self.embedded += len(texts)
        if progress and texts:
            progress(len(texts))
        rows = [self._vector(text) for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(rows), self.dimensions)

    def embed_query(self, text: str) -> list[float]:
        return [float(x) for x in self._vector(text)]

    def token_starts(self, text: str) -> list[int]:
        return [match.start() for match in TOKEN.finditer(text)]

    def _vector(self, text: str) -> np.ndarray:
        vector = np.zeros(self.dimensions, dtype=np.float32)
        for word in TOKEN.findall(text.lower()):
            seed = zlib.crc32(word.encode("utf-8"))
            vector += np.random.default_rng(seed).standard_normal(self.dimensions)
        length = np.linalg.norm(vector)
        return vector / length if length else np.eye(1, self.dimensions, dtype=np.float32)[0]
