"""Cross-encoders of sentence-transformers: a question and a passage read together, one score.

It does not know what becomes of the scores.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.documents import Document

from models.errors import ModelError, first_line
from models.hushed import hush

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder


def cross_scores(name: str, question: str, passages: Sequence[Document]) -> list[float]:
    """How well each passage answers the question, by the model of a name on the hub or a folder.

    Raises ModelError for a model that cannot be loaded, or gives not one number for each.
    """
    pairs = [(question, passage.page_content) for passage in passages]
    try:
        scores = _loaded(name).predict(pairs, show_progress_bar=False)
    except (ValueError, RuntimeError, IndexError) as error:
        raise ModelError(f"the cross-encoder {name} cannot read: {first_line(error)}") from error
    if scores.shape != (len(pairs),):
        raise ModelError(
            f"{name} gives classes and not one score for each passage: no cross-encoder"
        )
    return [float(score) for score in scores]


@lru_cache(maxsize=1)
def _loaded(name: str) -> "CrossEncoder":
    folder = Path(name).expanduser()
    if name.startswith((".", "/", "~")) and not folder.is_dir():
        raise ModelError(f"the cross-encoder {name} is no folder. Set KVASIR_RERANK to one")
    hush()
    from safetensors import SafetensorError
    from sentence_transformers import CrossEncoder

    local = folder.is_dir()
    try:
        return CrossEncoder(str(folder) if local else name, local_files_only=local)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"the cross-encoder {name} cannot be loaded: {first_line(error)}. Set KVASIR_RERANK to "
            "auto, off, likelihood, a folder or a name on the hub"
        ) from error
