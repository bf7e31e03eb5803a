"""The engine's logits against those of a LLaMA written from the papers (oracle.py).

With float32 weights, a float32 KV cache and plain attention, llama.cpp rounds nothing that the
oracle does not: two millionths of the logits' standard deviation lie between them, and no mistake
hides there. As people run it, keys and values are f16, and flash attention adds up a short batch
in f16: .0003 to .0023 of it, growing with the length. Quantized matrices round their inputs to
8 bits: .03 to .05, where small mistakes would hide, so that what they may differ by is computed
for each prompt (rounded_oracle.py).
"""

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from engine_logits import Run, decode, distance, divergence, rows, same_choices
from llama_file import Floats
from numpy.typing import NDArray
from oracle import NumpyLlama
from prompts import BEES, CHINESE, GLASS, PROMPTS, SYSTEM
from rounded_oracle import RoundedLlama

from models.engine.context import Context


@pytest.fixture(scope="module")
def expected(oracle: NumpyLlama, packaged: Context) -> dict[str, Floats]:
    """The oracle's logits for each prompt."""
    tokens = {name: packaged.tokenize(text, special=True) for name, text in PROMPTS.items()}
    return {name: oracle.logits(prompt) for name, prompt in tokens.items()}


# ---- the oracle by itself


def test_the_oracle_knows_the_capital_of_france(
    expected: dict[str, Floats], packaged: Context
) -> None:
    assert packaged.model.piece(int(expected["short"][-1].argmax())) == b" Paris"


def test_the_oracle_in_pieces_is_the_oracle_at_once(
    oracle: NumpyLlama, packaged: Context, expected: dict[str, Floats]
) -> None:
    tokens = packaged.tokenize(PROMPTS["Chinese"])
    session = oracle.session()
    cuts = [tokens[:50], tokens[50:51], tokens[51:52], tokens[52:]]
    pieces = np.concatenate([session.decode(piece) for piece in cuts])
    assert np.abs(pieces - expected["Chinese"]).max() < 1e-3
    assert len(session.cells) == session.cells.end == len(tokens)


def test_two_sequences_under_one_mask_are_each_by_itself(
    oracle: NumpyLlama, packaged: Context
) -> None:
    system, bees, glass = (packaged.tokenize(text, special=True) for text in (SYSTEM, BEES, GLASS))
    first, second = len(system + bees), len(system + glass)
    mask = np.tri(first + len(glass), dtype=np.bool_)
    mask[first:, len(system) : first] = False
    positions = [*range(first), *range(len(system), second)]
    both = oracle.logits(system + bees + glass, positions, mask)
    assert np.abs(both[:first] - oracle.logits(system + bees)).max() < 1e-3
    alone = oracle.logits(system + glass)
    assert np.abs(both[first:] - alone[len(system) :]).max() < 1e-3


# ---- whole prompts


@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_whole_prompt_has_the_oracles_logits(
    run: Run, expected: dict[str, Floats], prompt: str
) -> None:
    run.context.remove(-1)
    found = decode(run.context, rows(run.context.tokenize(PROMPTS[prompt], special=True)))
    assert distance(found, expected[prompt]) < run.tolerance
    assert same_choices(found, expected[prompt], run.tolerance)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_packaged_file_differs_by_what_its_kernels_round(
    packaged: Context, oracle: NumpyLlama, expected: dict[str, Floats], prompt: str
) -> None:
    tokens = packaged.tokenize(PROMPTS[prompt], special=True)
    packaged.remove(-1)
    found, exact = decode(packaged, rows(tokens)), expected[prompt]
    rounded = RoundedLlama(oracle).logits(tokens)
    assert distance(found, exact) < 1.5 * distance(rounded, exact)
    assert divergence(found, exact) < 2 * divergence(rounded, exact)
    assert same_choices(found, exact, distance(rounded, exact))


class DealtInTurn(NumpyLlama):
    """A mistake: neighbouring heads of queries go to different heads of keys."""

    def __init__(self, oracle: NumpyLlama) -> None:
        self.shape, self.weights = oracle.shape, oracle.weights

    def attend(
        self, queries: Floats, keys: Floats, values: Floats, mask: NDArray[np.bool_]
    ) -> Floats:
        turns = (1, self.shape.heads // self.shape.kv_heads, 1)
        return super().attend(queries, np.tile(keys, turns), np.tile(values, turns), mask)


def changed(oracle: NumpyLlama, **shape: Any) -> NumpyLlama:
    """The same weights under other hyper-parameters."""
    other = copy(oracle)
    other.shape = replace(oracle.shape, **shape)
    return other


def without(size: int, token: int, cell: int) -> NDArray[np.bool_]:
    """The usual mask, but that this token does not see this cell."""
    mask = np.tri(size, dtype=np.bool_)
    mask[token, cell] = False
    return mask


MISTAKES: dict[str, Callable[[NumpyLlama, list[int]], Floats]] = {
    "RoPE's base is a percent more": lambda oracle, tokens: changed(
        oracle, rope_base=oracle.shape.rope_base * 1.01
    ).logits(tokens),
    "epsilon is a tenth more": lambda oracle, tokens: changed(
        oracle, epsilon=oracle.shape.epsilon * 1.1
    ).logits(tokens),
    "heads are dealt in turn": lambda oracle, tokens: DealtInTurn(oracle).logits(tokens),
    "a position is skipped": lambda oracle, tokens: oracle.logits(
        tokens, [*range(30), *range(31, len(tokens) + 1)]
    ),
    "one token does not see one other": lambda oracle, tokens: oracle.logits(
        tokens, mask=without(len(tokens), token=60, cell=20)
    ),
    "each token sees the next": lambda oracle, tokens: oracle.logits(
        tokens, mask=np.tri(len(tokens), k=1, dtype=np.bool_)
    ),
}


@pytest.mark.parametrize("run", ["float32"], indirect=True)
def test_no_small_mistake_passes_for_rounding(run: Run, oracle: NumpyLlama) -> None:
    tokens = run.context.tokenize(CHINESE)[:64]
    run.context.remove(-1)
    found = decode(run.context, rows(tokens))
    assert distance(found, oracle.logits(tokens)) < run.tolerance
    for what, mistake in MISTAKES.items():
        assert distance(found, mistake(oracle, tokens)) > 3 * run.tolerance, what
