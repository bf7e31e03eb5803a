"""A LLaMA in plain NumPy: what the logits of a GGUF file must be, in float32 and in the open.

It is what the engine is compared with, so it shares no code with it: no quantized kernel, no
cell shared by sequences, no speed. The model is four ideas, once per layer:

- RMSNorm brings a vector to unit root mean square (Zhang and Sennrich, arXiv 1910.07467);
- RoPE turns queries and keys by an angle that grows with the position, so that their product
  depends on the distance between the two alone (Su et al., 2104.09864);
- grouped-query attention has several heads of queries to one of keys and values (Ainslie et al.,
  2305.13245);
- SwiGLU is the feed-forward layer whose one half gates the other (Shazeer, 2002.05202).

Keys are kept as they are before RoPE and turned when a query meets them. So a passage that moves
after it was read is the same `Cells` with other positions: what its tokens saw when they were
read, at the distances of then, stays in their keys and values; how far they are from those who
read them is decided later. That is all a splice is, and no mask over one row of positions says
it, since a moved token has two distances to the prefix: the one it saw and the one it is seen at.

    prefix = model.read(system)
    first = model.read(passage, behind=prefix)
    second = model.read(other, behind=prefix).moved(len(first))
    logits = model.logits(question, behind=prefix + first + second)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from gguf import GGUFReader
from llama_file import Floats, Shape, Weights
from numpy.typing import NDArray


@dataclass(frozen=True)
class Cells:
    """The KV cache of tokens that were read; `+` puts those of two readings side by side."""

    keys: Floats  # before RoPE: (layers, tokens, kv_heads, head_size)
    values: Floats  # likewise
    positions: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.positions)

    def __add__(self, other: "Cells") -> "Cells":
        return Cells(
            np.concatenate([self.keys, other.keys], axis=1),
            np.concatenate([self.values, other.values], axis=1),
            np.concatenate([self.positions, other.positions]),
        )

    @property
    def end(self) -> int:
        """The first position behind all of them."""
        return int(self.positions.max(initial=-1)) + 1

    def moved(self, delta: int) -> "Cells":
        """The same tokens, `delta` positions further on. What they saw is not computed again."""
        return replace(self, positions=self.positions + delta)


class NumpyLlama:
    """The model in a GGUF file. Raises ValueError for one that is no plain LLaMA."""

    def __init__(self, path: Path) -> None:
        reader = GGUFReader(path)
        self.shape = Shape.of(reader)
        self.weights = Weights(reader)
        self.weights.check(self.shape.layers)

    def logits(
        self,
        tokens: Sequence[int],
        positions: Sequence[int] | None = None,
        mask: NDArray[np.bool_] | None = None,
        behind: Cells | None = None,
    ) -> Floats:
        """What each token predicts of the next, (tokens, vocabulary). The rest as for `run`."""
        return self.predict(self.run(tokens, positions, mask, behind)[0])

    def read(self, tokens: Sequence[int], behind: Cells | None = None) -> Cells:
        """The tokens' own cells, read at the next positions behind those that they see."""
        return self.run(tokens, behind=behind)[1]

    def session(self) -> "Session":
        """A text that is read bit by bit."""
        return Session(self, self._nothing)

    def run(
        self,
        tokens: Sequence[int],
        positions: Sequence[int] | None = None,
        mask: NDArray[np.bool_] | None = None,
        behind: Cells | None = None,
    ) -> tuple[Floats, Cells]:
        """The last layer's output (tokens, width), and the tokens' own cells.

        `mask[i, j]` says whether token i attends to cell j, of those behind and then of the
        tokens themselves. By default all that come before it, and itself. With positions and a
        mask of their own, several sequences fit into one call.
        """
        shape, past = self.shape, self._nothing if behind is None else behind
        if positions is None:
            positions = range(past.end, past.end + len(tokens))
        if mask is None:
            mask = np.tri(len(tokens), len(past) + len(tokens), len(past), dtype=np.bool_)
        own = np.asarray(positions, np.int64)
        everywhere = np.concatenate([past.positions, own])
        keys, values = [], []
        x = self.weights["token_embd"][list(tokens)]
        for layer in range(shape.layers):
            block = f"blk.{layer}."
            normed = self._norm(x, block + "attn_norm")
            queries = self._heads(normed, block + "attn_q", shape.heads)
            keys.append(self._heads(normed, block + "attn_k", shape.kv_heads))
            values.append(self._heads(normed, block + "attn_v", shape.kv_heads))
            found = self.attend(
                self.turn(queries, own),
                self.turn(np.concatenate([past.keys[layer], keys[-1]]), everywhere),
                np.concatenate([past.values[layer], values[-1]]),
                mask,
            )
            x = x + self.multiply(found, block + "attn_output")
            normed = self._norm(x, block + "ffn_norm")
            gate = _silu(self.multiply(normed, block + "ffn_gate"))
            gated = gate * self.multiply(normed, block + "ffn_up")
            x = x + self.multiply(gated, block + "ffn_down")
        return x, Cells(np.stack(keys), np.stack(values), own)

    def predict(self, outputs: Floats) -> Floats:
        """The logits of the last layer's outputs; the embeddings give them where no matrix does."""
        matrix = "output" if "output" in self.weights else "token_embd"
        return self.multiply(self._norm(outputs, "output_norm"), matrix)

    def multiply(self, x: Floats, name: str) -> Floats:
        """Each row of x times a matrix."""
        return x @ self.weights[name].T

    def turn(self, x: Floats, positions: NDArray[np.int64]) -> Floats:
        """RoPE, on (tokens, heads, head_size): pair i turns by position × base^(-2i / head_size).

        In a GGUF file the two of a pair stand next to each other, like the parts of a complex
        number, and turning it is a product with one. Llama 3 slows each pair down by a factor.
        """
        pair = np.arange(self.shape.head_size // 2)
        speeds = self.shape.rope_base ** (-2 * pair / self.shape.head_size)
        if "rope_freqs" in self.weights:
            speeds = speeds / self.weights["rope_freqs"]
        angles = np.outer(positions / self.shape.rope_stretch, speeds)
        turns = np.exp(1j * angles).astype(np.complex64)[:, None, :]
        return (np.ascontiguousarray(x).view(np.complex64) * turns).view(np.float32)

    def attend(
        self, queries: Floats, keys: Floats, values: Floats, mask: NDArray[np.bool_]
    ) -> Floats:
        """Softmax attention of (tokens, heads, size) over (cells, kv_heads, size), heads joined."""
        group = queries.shape[1] // keys.shape[1]
        keys, values = np.repeat(keys, group, axis=1), np.repeat(values, group, axis=1)
        scores = queries.transpose(1, 0, 2) @ keys.transpose(1, 2, 0)
        scores = np.where(mask, scores / np.sqrt(np.float32(self.shape.head_size)), -np.inf)
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        return (shares @ values.transpose(1, 0, 2)).transpose(1, 0, 2).reshape(len(queries), -1)

    @property
    def _nothing(self) -> Cells:
        none = np.empty((self.shape.layers, 0, self.shape.kv_heads, self.shape.head_size), "f4")
        return Cells(none, none, np.empty(0, np.int64))

    def _norm(self, x: Floats, name: str) -> Floats:
        power = np.mean(x * x, axis=-1, keepdims=True) + np.float32(self.shape.epsilon)
        return x / np.sqrt(power) * self.weights[name]

    def _heads(self, x: Floats, name: str, heads: int) -> Floats:
        return self.multiply(x, name).reshape(len(x), heads, self.shape.head_size)


class Session:
    """A text that is read bit by bit: each call sees all that was decoded before."""

    def __init__(self, model: NumpyLlama, cells: Cells) -> None:
        self._model = model
        self.cells = cells

    def decode(self, tokens: Sequence[int]) -> Floats:
        """The logits of the next tokens, (tokens, vocabulary)."""
        outputs, new = self._model.run(tokens, behind=self.cells)
        self.cells += new
        return self._model.predict(outputs)


def _silu(x: Floats) -> Floats:
    """x times its sigmoid, written so that no exponential overflows."""
    return x / 2 * (1 + np.tanh(x / 2))
