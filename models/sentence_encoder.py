"""Embedders of people's own choice: any that sentence-transformers loads, with its prompts."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import ModelError
from models.hushed import hush

if TYPE_CHECKING:
    import numpy as np
    from tokenizers import Tokenizer


class SentenceEncoder:
    """A model of a folder, or of a name on the hub, computing with `dtype` (a name of torch's).

    Raises OSError, ValueError, KeyError, RuntimeError or SafetensorError if there is none.
    """

    def __init__(self, model: Path | str, dtype: str) -> None:
        # A name on the hub is the one case in which anything is fetched. HF_HUB_OFFLINE would hold
        # for the whole process, and a chat model on the hub with it.
        hush()
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        local = isinstance(model, Path)
        self._model = SentenceTransformer(
            str(model), local_files_only=local, model_kwargs={"dtype": dtype}
        )
        self.dimensions = int(self._model.get_embedding_dimension() or 0)
        self.max_tokens = int(self._model.max_seq_length or 512)

    @property
    def tokenizer(self) -> "Tokenizer":
        """The tokenizer that tells where tokens lie. Raises ModelError if the model has none."""
        tokenizer: Tokenizer | None = getattr(self._model.tokenizer, "backend_tokenizer", None)
        if tokenizer is None:
            raise ModelError("the embedder's tokenizer does not tell where its tokens lie")
        return tokenizer

    def encode(self, texts: Sequence[str], kind: str) -> "np.ndarray":
        """Vectors of `query` or `document` texts, shape (len(texts), dimensions)."""
        encode = {"query": self._model.encode_query, "document": self._model.encode_document}[kind]
        found: np.ndarray = encode(list(texts), batch_size=len(texts), show_progress_bar=False)
        return found
