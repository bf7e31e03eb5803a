"""The embedder: texts to unit vectors, as a LangChain Embeddings.

It does not know documents or indexes. The bundled model is converted into the cache at first use.
"""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Protocol

from langchain_core.embeddings import Embeddings

from models.bert_encoder import BertEncoder
from models.bundled import EMBEDDER, bundled_embedder
from models.errors import ModelError, first_line
from models.settings import get_settings

if TYPE_CHECKING:
    import numpy as np
    from tokenizers import Tokenizer

BATCH = 8  # texts: on 2 cores, batches of 32 ran at a third of the speed of 8
REMEMBERED = 16  # questions
WINDOW = 100_000  # characters that are tokenized at a time
_NATIVE_BFLOAT16 = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
CONVERSION = 2  # raised when models.e5_container writes another folder from the same file


class Encoder(Protocol):
    """What computes the vectors, and the tokenizer that it reads with."""

    @property
    def dimensions(self) -> int:
        """Numbers in a vector."""

    @property
    def max_tokens(self) -> int:
        """Tokens of one text that are read, prefix and special tokens included."""

    @property
    def tokenizer(self) -> "Tokenizer":
        """The tokenizer; encoding sets anew where it cuts."""

    def encode(self, texts: Sequence[str], kind: str) -> "np.ndarray":
        """Vectors of `query` or `document` texts, shape (len(texts), dimensions)."""


class KvasirEmbeddings(Embeddings):
    """Unit vectors, the model's own prefixes applied.

    `model` is the bundled one's name, or a folder or a name on the hub of any that
    sentence-transformers loads; `dtype` what it computes with; by default the settings say. Loading
    waits for the first text. Safe to share between threads: one batch of texts runs at a time.
    """

    def __init__(self, model: str | None = None, *, dtype: str | None = None) -> None:
        self.name = model or get_settings().embedder
        self._dtype = dtype
        self._lock = RLock()
        self._asked: OrderedDict[str, list[float]] = OrderedDict()

    @cached_property
    def _loaded(self) -> Encoder:
        with self._lock:
            return _load(self.name, self._dtype or get_settings().embedder_dtype)

    @property
    def _model(self) -> Encoder:
        with self._lock:  # two threads at first use load it once
            return self._loaded

    @cached_property
    def dimensions(self) -> int:
        """Numbers in a vector."""
        return self._model.dimensions

    @cached_property
    def max_tokens(self) -> int:
        """Tokens of one text that the model reads, prefix and special tokens included."""
        return self._model.max_tokens

    def embed_array(
        self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None
    ) -> "np.ndarray":
        """Embed passages: float32, shape (len(texts), dimensions), in the order of `texts`.

        `progress` is called with the number of texts that each batch finished.
        """
        import numpy as np

        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]), reverse=True)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            with self._lock:  # per batch, so that a question waits for one batch at most
                found = self._model.encode([_writable(texts[row]) for row in rows], "document")
            vectors[rows] = _normalized(found)
            if progress:
                progress(len(rows))
        return vectors

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed passages, in order."""
        return [[float(x) for x in row] for row in self.embed_array(texts)]

    def embed_query(self, text: str) -> list[float]:
        """Embed a question. The last ones are remembered: an answer needs its vector many times."""
        with self._lock:
            if text in self._asked:
                self._asked.move_to_end(text)
                return list(self._asked[text])
            with _one_thread():
                (vector,) = self._model.encode([_writable(text)], "query")
            self._asked[text] = [float(x) for x in _normalized(vector)]
            while len(self._asked) > REMEMBERED:
                self._asked.popitem(last=False)
            return list(self._asked[text])

    def token_starts(self, text: str) -> Sequence[int]:
        """Where each token of the text starts, in characters, ascending; no special tokens."""
        starts = array("I")
        with self._lock:
            tokenizer = self._model.tokenizer
            tokenizer.no_truncation()  # embedding leaves it cutting at max_tokens
            for first, window in _windows(text):
                encoded = tokenizer.encode(_writable(window), add_special_tokens=False)
                starts.extend(first + start for start, _ in encoded.offsets)
        return starts


def _windows(text: str) -> Iterator[tuple[int, str]]:
    """The text in pieces cut at white space, each with where it starts.

    The tokenizer takes some hundred bytes of memory for each token that it gives at once.
    """
    first = 0
    while len(text) - first > WINDOW:
        cut = max(text.rfind(space, first, first + WINDOW) for space in ("\n", " "))
        end = cut + 1 if cut > first else first + WINDOW
        yield first, text[first:end]
        first = end
    yield first, text[first:]


def _normalized(vectors: "np.ndarray") -> "np.ndarray":
    """The rows with length 1, in float32 whatever the model computes with."""
    import numpy as np

    exact = vectors.astype(np.float32)
    lengths = np.linalg.norm(exact, axis=-1, keepdims=True)
    found: np.ndarray = exact / np.maximum(lengths, np.finfo(np.float32).tiny)
    return found


def _writable(text: str) -> str:
    """The text, half surrogate pairs replaced, which the tokenizer refuses; as long as before."""
    return text.encode("utf-8", "replace").decode("utf-8")


@contextmanager
def _one_thread() -> Iterator[None]:
    """A question is short, and torch's threads wait for each other by spinning.

    On 2 busy cores (an answer being made, say) a question took 1.9 s with two, 0.05 s with one.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def find_embedder(name: str) -> Path | None:
    """The bundled embedder's file, or the folder of that name; None for a name on the hub.

    Raises ModelError if the name can be neither.
    """
    if name == EMBEDDER:
        return bundled_embedder()
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if name.startswith((".", "/", "~")):
        raise ModelError(f"the embedder {name} is no folder. Set KVASIR_EMBEDDER to one.")
    return None


def _load(name: str, dtype: str) -> Encoder:
    from safetensors import SafetensorError

    found = find_embedder(name)
    dtype = dtype if dtype != "auto" else _quickest_dtype()
    try:
        if name == EMBEDDER and found:
            return BertEncoder(bundled_folder(found), dtype)
        from models.sentence_encoder import SentenceEncoder

        return SentenceEncoder(found or name, dtype)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"the embedder {name} cannot be loaded: {first_line(error)}") from error


def _quickest_dtype() -> str:
    """What this machine computes quickest with, to comparable vectors."""
    import torch

    if torch.cuda.is_available() or torch.backends.mps.is_available():
        return "float16"
    # Processors without instructions for bfloat16 emulate it, at a fraction of the speed.
    native = any(
        test() for name in _NATIVE_BFLOAT16 if (test := getattr(torch.cpu, name, None)) is not None
    )
    return "bfloat16" if native else "float32"


def bundled_folder(source: Path) -> Path:
    """The bundled embedder's file as a sentence-transformers folder, converted at first use."""
    from models.e5_container import read_container, write_folder

    cache = get_settings().cache.expanduser()
    folder = cache / f"{EMBEDDER}-{source.stat().st_size:x}-{CONVERSION}"
    if not folder.is_dir():
        write_folder(read_container(source), folder)
    return folder
