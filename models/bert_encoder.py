"""The bundled embedder: BertModel with mean pooling, in torch alone.

Devlin et al., arXiv 1810.04805; the pooling is that of Reimers and Gurevych, arXiv 1908.10084.
sentence-transformers gives the same vectors of the same folder, but takes seconds to import, which
every command would take longer to start.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import torch

_WORDS = "embeddings.word_embeddings.weight"


class BertEncoder:
    """The model of a folder that `models.e5_container` wrote, on the GPU if torch knows one.

    It computes with `dtype`, a name of torch's. Raises OSError, ValueError, KeyError, TypeError or
    SafetensorError if the folder does not hold such a model.
    """

    def __init__(self, folder: Path, dtype: str) -> None:
        import torch
        from safetensors.torch import load_file
        from tokenizers import Tokenizer

        config = _read(folder / "config.json")
        self._prompts = _read(folder / "config_sentence_transformers.json")["prompts"]
        self._heads: int = config["num_attention_heads"]
        self._layers: int = config["num_hidden_layers"]
        self._epsilon: float = config["layer_norm_eps"]
        self._pad: int = config["pad_token_id"]
        self.dimensions: int = config["hidden_size"]
        self.max_tokens: int = config["max_position_embeddings"]
        try:
            self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # tokenizers raises nothing more special
            raise ValueError(f"tokenizer.json is damaged: {error}") from error
        self._device, self._dtype = _device(), getattr(torch, dtype)
        weights = load_file(folder / "model.safetensors")
        # On the disk but for the rows that are looked up: four fifths of the file.
        self._words = weights.pop(_WORDS)
        self._weights = {name: w.to(self._device, self._dtype) for name, w in weights.items()}

    def encode(self, texts: Sequence[str], kind: str) -> "np.ndarray":
        """Vectors of `query` or `document` texts: float32, shape (len(texts), dimensions)."""
        import torch

        prompt = self._prompts[kind]
        self.tokenizer.enable_truncation(self.max_tokens)
        self.tokenizer.no_padding()
        read = [each.ids for each in self.tokenizer.encode_batch([prompt + t for t in texts])]
        longest = max(map(len, read))
        ids = torch.tensor([each + [self._pad] * (longest - len(each)) for each in read])
        there = torch.tensor([[n < len(each) for n in range(longest)] for each in read])
        with torch.inference_mode():
            hidden = self._hidden(ids, there.to(self._device)).float().cpu()
            weights = there[:, :, None].float()
            means: np.ndarray = ((hidden * weights).sum(1) / weights.sum(1)).numpy()
        return means

    def _hidden(self, ids: "torch.Tensor", there: "torch.Tensor") -> "torch.Tensor":
        """The last layer's states, shape (texts, tokens, dimensions); `there` is no padding."""
        from torch.nn.functional import embedding, gelu, scaled_dot_product_attention

        several, tokens = ids.shape
        places = self._weights["embeddings.position_embeddings.weight"][:tokens]
        first_kind = self._weights["embeddings.token_type_embeddings.weight"][0]
        words = embedding(ids, self._words).to(self._device, self._dtype)
        hidden = self._normed("embeddings", words + first_kind + places)
        seen = None if there.all() else there[:, None, None, :]
        for number in range(self._layers):
            layer = f"encoder.layer.{number}"
            query, key, value = (
                self._linear(f"{layer}.attention.self.{part}", hidden)
                .view(several, tokens, self._heads, -1)
                .transpose(1, 2)
                for part in ("query", "key", "value")
            )
            mixed = scaled_dot_product_attention(query, key, value, attn_mask=seen)
            mixed = mixed.transpose(1, 2).reshape(several, tokens, -1)
            told = self._linear(f"{layer}.attention.output.dense", mixed)
            hidden = self._normed(f"{layer}.attention.output", hidden + told)
            wide = gelu(self._linear(f"{layer}.intermediate.dense", hidden))
            told = self._linear(f"{layer}.output.dense", wide)
            hidden = self._normed(f"{layer}.output", hidden + told)
        return hidden

    def _linear(self, name: str, values: "torch.Tensor") -> "torch.Tensor":
        from torch.nn.functional import linear

        return linear(values, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _normed(self, name: str, values: "torch.Tensor") -> "torch.Tensor":
        from torch.nn.functional import layer_norm

        weight, bias = (self._weights[f"{name}.LayerNorm.{part}"] for part in ("weight", "bias"))
        return layer_norm(values, weight.shape, weight, bias, self._epsilon)


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
