"""The oracle and the engine on models of two layers: other shapes, other formats of weights."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from engine_logits import FLOAT32, USUAL, decode, distance, rows
from gguf import GGUFWriter, RopeScalingType
from llama_file import Floats
from oracle import NumpyLlama
from rounded_oracle import RoundedLlama
from tiny_llama import VOCABULARY, Tiny

from models.engine.context import Context, Placement

TOKENS = np.random.default_rng(1).integers(0, VOCABULARY, 100).tolist()


def engines(path: Path, placement: Placement, tokens: Sequence[int] = TOKENS) -> Floats:
    context = Context(path, placement)
    try:
        return decode(context, rows(tokens))
    finally:
        context.close()


@pytest.mark.parametrize(
    "tiny",
    [
        Tiny(kv_heads=4),
        Tiny(kv_heads=2),
        Tiny(kv_heads=1),
        Tiny(head_size=64, rope_base=500_000.0),
        Tiny(rope_stretch=4.0),
        Tiny(factors=True),
        Tiny(tied=True, epsilon=1e-2),
    ],
    ids=repr,
)
def test_hyper_parameters_are_those_of_the_file(tmp_path: Path, tiny: Tiny) -> None:
    path = tiny.write(tmp_path / "tiny.gguf")
    found, oracle = engines(path, FLOAT32), NumpyLlama(path)
    assert distance(found, oracle.logits(TOKENS)) < 1e-5
    oracle.shape = replace(oracle.shape, rope_base=oracle.shape.rope_base * 1.01)
    assert distance(found, oracle.logits(TOKENS)) > 1e-3


@pytest.mark.parametrize("weights", ["Q4_0", "Q4_1", "Q8_0"])
def test_most_of_what_two_quantized_layers_differ_by_is_known_rounding(
    tmp_path: Path, weights: str
) -> None:
    path = Tiny(weights=weights).write(tmp_path / "tiny.gguf")
    found, oracle = engines(path, USUAL), NumpyLlama(path)
    exact, rounded = oracle.logits(TOKENS), RoundedLlama(oracle).logits(TOKENS)
    assert distance(found, exact) < 1.5 * distance(rounded, exact)
    assert distance(found, rounded) < 0.7 * distance(found, exact)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda writer: writer.add_expert_count(8), "unknown here: expert_count"),
        (lambda writer: writer.add_value_length(16), "value_length differs from the head size"),
        (lambda writer: writer.add_rope_scaling_type(RopeScalingType.YARN), "scaled by yarn"),
        (
            lambda writer: writer.add_tensor("blk.0.attn_q.bias", np.zeros(128, np.float32)),
            "unknown here: blk.0.attn_q.bias",
        ),
    ],
    ids=["experts", "value heads", "yarn", "bias"],
)
def test_the_oracle_refuses_what_it_would_compute_wrongly(
    tmp_path: Path, change: Callable[[GGUFWriter], None], message: str
) -> None:
    path = Tiny().write(tmp_path / "odd.gguf", change)
    with pytest.raises(ValueError, match=message):
        NumpyLlama(path)


def test_the_oracle_refuses_another_architecture(tmp_path: Path) -> None:
    path = tmp_path / "other.gguf"
    writer = GGUFWriter(path, "gpt2")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(ValueError, match="the architecture is gpt2, not llama"):
        NumpyLlama(path)
