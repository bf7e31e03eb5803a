"""The oracle with the roundings of llama.cpp's CPU kernels: how far from exact an engine may be."""

import numpy as np
from llama_file import Floats
from numpy.typing import NDArray
from oracle import NumpyLlama


class RoundedLlama(NumpyLlama):
    """The same model, rounding where the kernels for quantized weights and flash attention do.

    A matrix of Q4_0, Q4_1 or Q8_0 meets its input in blocks of 32 numbers, each rounded to 8 bits
    and a scale in f16. Attention takes queries, keys and values in f16. The logits are not the
    engine's: a rounding that falls otherwise in one layer changes those of all the next. But
    they are as far from the exact ones as the engine's may be.
    """

    def __init__(self, unrounded: NumpyLlama) -> None:
        self.shape, self.weights = unrounded.shape, unrounded.weights

    def multiply(self, x: Floats, name: str) -> Floats:
        if self.weights.kind(name) not in ("Q4_0", "Q4_1", "Q8_0"):
            raise ValueError(f"what kernels round for {self.weights.kind(name)} is unknown here")
        return super().multiply(_to_8_bits(x), name)

    def attend(
        self, queries: Floats, keys: Floats, values: Floats, mask: NDArray[np.bool_]
    ) -> Floats:
        return super().attend(_to_f16(queries), _to_f16(keys), _to_f16(values), mask)


def _to_f16(x: Floats) -> Floats:
    return x.astype(np.float16).astype(np.float32)


def _to_8_bits(x: Floats) -> Floats:
    blocks = x.reshape(len(x), -1, 32)
    scales = np.abs(blocks).max(axis=-1, keepdims=True) / 127
    steps = np.rint(np.divide(blocks, scales, out=np.zeros_like(blocks), where=scales > 0))
    return (steps * _to_f16(scales)).reshape(x.shape)
