"""What a method learns beside a frozen model, and how the model reads with it.

Each starts from the tokens of a text, not from chance. Weights are named; what is exported are
keys and values before every prompt (models.engine.beginning).
"""

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from models.finetune.batch import Batch

Weights = dict[str, Tensor]


class Learnt(Protocol):
    """`inputs` are a batch's arguments for the model; `width` of its columns come before it."""

    weights: dict[str, nn.Parameter]
    width: int

    def inputs(self, batch: Batch, kind: torch.dtype) -> dict[str, Any]: ...


class LearntPrompt:
    """Prompt tuning: embeddings before every prompt (Lester et al., 2104.08691)."""

    def __init__(self, model: Any, tokens: Sequence[int]) -> None:
        self._model = model.model
        begun = self._model.embed_tokens(torch.tensor(tokens, device=model.device))
        self.width = len(tokens)
        self.weights = {"embeddings": nn.Parameter(begun.detach().clone())}

    def inputs(self, batch: Batch, kind: torch.dtype) -> dict[str, Any]:
        """Rows that are wider by the embeddings."""
        rows, width = batch.tokens.shape
        learnt = self.weights["embeddings"].expand(rows, -1, -1)
        places = torch.arange(self.width, device=batch.tokens.device).expand(rows, -1)
        mask = torch.zeros(rows, 1, self.width + width, self.width + width, dtype=torch.bool)
        mask[:, :, :, : self.width] = True
        mask[:, :, : self.width, : self.width] = torch.ones(self.width, self.width).tril() > 0
        mask = mask.to(batch.mask.device)
        mask[:, :, self.width :, self.width :] = batch.mask
        return {
            "inputs_embeds": torch.cat([learnt, self._model.embed_tokens(batch.tokens)], 1),
            "position_ids": torch.cat([places, batch.positions + self.width], 1),
            "attention_mask": mask,
        }

    def keys_and_values(self, weights: Weights) -> tuple[Tensor, Tensor]:
        """Computed from the embeddings: (layers, heads, tokens, numbers of a head) each."""
        return _read(self._model, inputs_embeds=weights["embeddings"][None])


class LearntPrefix:
    """Prefix tuning: keys and values of each layer (Li and Liang, 2101.00190)."""

    width = 0  # they stand in no column

    def __init__(self, model: Any, tokens: Sequence[int]) -> None:
        ids = torch.tensor(tokens, device=model.device)[None]
        keys, values = _read(model.model, input_ids=ids)
        self.weights = {"keys": nn.Parameter(keys), "values": nn.Parameter(values)}

    def inputs(self, batch: Batch, kind: torch.dtype) -> dict[str, Any]:
        """A cache that holds them, and a mask that lets all see them."""
        from transformers import DynamicCache

        rows, width = batch.tokens.shape
        keys, values = (
            self.weights[name].to(kind)[:, None].expand(-1, rows, -1, -1, -1)
            for name in ("keys", "values")
        )
        tokens = keys.shape[-2]
        seen = torch.ones(rows, 1, width, tokens, dtype=torch.bool, device=batch.mask.device)
        return {
            "input_ids": batch.tokens,
            "position_ids": batch.positions + tokens,
            "attention_mask": torch.cat([seen, batch.mask], -1),
            "past_key_values": DynamicCache(list(zip(keys, values, strict=True))),
        }

    def keys_and_values(self, weights: Weights) -> tuple[Tensor, Tensor]:
        """As they are: (layers, heads, tokens, numbers of a head) each."""
        return weights["keys"], weights["values"]


class LowRank:
    """LoRA: the product of two thin matrices beside each linear layer (Hu et al., 2106.09685)."""

    width = 0

    def __init__(self, weights: dict[str, nn.Parameter]) -> None:
        self.weights = weights

    def inputs(self, batch: Batch, kind: torch.dtype) -> dict[str, Any]:
        """The batch alone: what is learnt is in the layers."""
        return {
            "input_ids": batch.tokens,
            "position_ids": batch.positions,
            "attention_mask": batch.mask,
        }


def _read(model: Any, **inputs: Tensor) -> tuple[Tensor, Tensor]:
    """The keys and values of one row, keys after RoPE."""
    from transformers import DynamicCache

    cache = DynamicCache()
    with torch.no_grad():
        model(**inputs, past_key_values=cache, use_cache=True)
    layers: list[Any] = cache.layers
    keys, values = ([getattr(layer, name)[0] for layer in layers] for name in ("keys", "values"))
    return torch.stack(keys), torch.stack(values)
