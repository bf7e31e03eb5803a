"""Prompts in pieces, sequences in one batch, passages from blobs: the logits of oracle.py."""

from itertools import pairwise

import numpy as np
import pytest
from engine_logits import Run, decode, distance, rows
from oracle import NumpyLlama
from prompts import BEES, GLASS, QUESTION, SYSTEM, TIDES

from models.engine.context import Context


@pytest.mark.parametrize("seed", range(2))
def test_a_prompt_in_pieces_has_the_same_logits(run: Run, oracle: NumpyLlama, seed: int) -> None:
    tokens = run.context.tokenize(SYSTEM + TIDES + QUESTION, special=True)
    cuts = np.random.default_rng(seed).choice(range(1, len(tokens)), 6, replace=False)
    run.context.remove(-1)
    pieces = [
        decode(run.context, rows(tokens[start:end], start))
        for start, end in pairwise([0, *sorted(cuts.tolist()), len(tokens)])
    ]
    assert distance(np.concatenate(pieces), oracle.logits(tokens)) < run.tolerance


def test_sequences_in_one_batch_have_the_logits_of_each_alone(run: Run, oracle: NumpyLlama) -> None:
    """Behind a prefix whose cells they share, their rows dealt into one batch at random."""
    context = run.context
    system = context.tokenize(SYSTEM, special=True)
    texts = [context.tokenize(text + QUESTION, special=True) for text in (TIDES, BEES, GLASS)]
    context.remove(-1)
    decode(context, rows(system))
    for sequence in range(1, len(texts)):
        context.copy(0, sequence)
    turns = np.repeat(range(len(texts)), [len(text) for text in texts])
    np.random.default_rng(0).shuffle(turns)
    waiting = [iter(rows(text, len(system), number)) for number, text in enumerate(texts)]
    found = decode(context, [next(waiting[turn]) for turn in turns])
    prefix = oracle.read(system)
    for number, text in enumerate(texts):
        alone = oracle.logits(text, behind=prefix)
        assert distance(found[turns == number], alone) < run.tolerance


def saved(context: Context, prefix: list[int], passage: list[int]) -> bytes:
    """The blob of a passage that is read behind a prefix. Leaves the context empty."""
    context.remove(-1)
    decode(context, rows(prefix))
    decode(context, rows(passage, len(prefix)))
    context.copy(0, 1, len(prefix), len(prefix) + len(passage))
    blob = context.save(1)
    context.remove(-1)
    return blob


def test_a_splice_is_what_the_oracle_says_it_is(run: Run, oracle: NumpyLlama) -> None:
    """One passage is read in its place; two come from blobs and are moved behind it."""
    context = run.context
    system, tides, bees, glass, question = (
        context.tokenize(text, special=True) for text in (SYSTEM, TIDES, BEES, GLASS, QUESTION)
    )
    blobs = [saved(context, system, passage) for passage in (bees, glass)]
    decode(context, rows(system + tides))
    for blob, delta in zip(blobs, (len(tides), len(tides + bees)), strict=True):
        assert context.restore(1, blob)
        context.shift(1, 0, -1, delta)
        context.copy(1, 0)
        context.remove(1)
    found = decode(context, rows(question, len(system + tides + bees + glass)))

    prefix = oracle.read(system)
    first = prefix + oracle.read(tides, behind=prefix)
    second, third = (oracle.read(passage, behind=prefix) for passage in (bees, glass))
    second, third = second.moved(len(tides)), third.moved(len(tides + bees))
    spliced = first + second + third
    assert distance(found, oracle.logits(question, behind=spliced)) < run.tolerance
    there = range(spliced.end, spliced.end + len(question))
    one_short = oracle.logits(question, there, behind=first + second + third.moved(-1))
    assert distance(found, one_short) > 5 * run.tolerance
    full = oracle.read(system + tides + bees + glass)
    assert distance(found, oracle.logits(question, behind=full)) > 0.1


def test_a_restored_passage_changes_no_bit(packaged: Context) -> None:
    system, passage, question = (
        packaged.tokenize(text, special=True) for text in (SYSTEM, TIDES, QUESTION)
    )
    blob = saved(packaged, system, passage)
    decode(packaged, rows(system))
    decode(packaged, rows(passage, len(system)))
    computed = decode(packaged, rows(question, len(system + passage)))
    packaged.remove(-1)
    decode(packaged, rows(system))
    assert packaged.restore(1, blob)
    packaged.copy(1, 0)
    packaged.remove(1)
    restored = decode(packaged, rows(question, len(system + passage)))
    assert np.array_equal(restored, computed)
