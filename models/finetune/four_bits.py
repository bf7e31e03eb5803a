"""A frozen model's linear layers in 4 bits, for QLoRA (Dettmers et al., 2305.14314).

NF4 with its scales quantized in turn: 4.1 bits a weight where float32 has 32. bitsandbytes is
imported here alone.
"""

import logging
from typing import Any

import torch
from torch import nn


def in_four_bits(model: Any, names: list[str], kind: torch.dtype) -> None:
    """Quantize the layers of these names in place; what they compute is of this kind."""
    # On some processors it advises to fetch a kernel from a model hub, for what is not done here.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    from bitsandbytes.nn.modules import Linear4bit, Params4bit

    for part in list(model.modules()):
        for name, layer in list(part.named_children()):
            if name not in names or not isinstance(layer, nn.Linear):
                continue
            small = Linear4bit(
                layer.in_features,
                layer.out_features,
                bias=layer.bias is not None,
                compute_dtype=kind,
                compress_statistics=True,
                quant_type="nf4",
            )
            small.weight = Params4bit(layer.weight.data, requires_grad=False, quant_type="nf4")
            # Or the first look at what is held back would pack the weights for a kernel that hands
            # no gradient down, for good.
            small.support_avx512bf16_for_cpu = False
            if layer.bias is not None:
                small.bias = layer.bias
            setattr(part, name, small.to(layer.weight.device))  # which quantizes
    model.is_loaded_in_4bit = True  # by which peft knows them
