"""What the library asks of an embedder. `models.embeddings.KvasirEmbeddings` is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np


class Embedder(Protocol):
    """Texts to normalised vectors, and texts to the places where their tokens start."""

    @property
    def name(self) -> str:
        """A stable identity: equal names mean comparable vectors. Cheap, loads no weights."""

    @property
    def dimensions(self) -> int:
        """The length of a vector."""

    @property
    def max_tokens(self) -> int:
        """How many tokens the model reads, its prefix and special tokens included."""

    def embed_array(
        self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None
    ) -> np.ndarray:
        """The texts as passages: float32, shape (n, dimensions), rows of length 1, in order.

        `progress` gets the number of texts newly done.
        """

    def embed_query(self, text: str) -> list[float]:
        """The text as a question: one vector of length 1."""

    def token_starts(self, text: str) -> Sequence[int]:
        """The character offset where each token of the text starts, ascending, no specials."""
