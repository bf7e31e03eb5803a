"""The mixture of several streams, over small made-up vocabularies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.engine.fused import LEAST, Mixture, normalized

WORDS = 7
LOGITS = st.lists(st.floats(-30, 30, width=32), min_size=WORDS, max_size=WORDS)
STREAMS = st.lists(LOGITS, min_size=2, max_size=5).map(lambda rows: np.array(rows, np.float32))


def log_p(logits: np.ndarray) -> np.ndarray:
    logits = logits.astype(np.float64)
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


def mixture_of(streams: np.ndarray, seed: int, **named: float) -> tuple[Mixture, np.ndarray]:
    """A mixture with random weights, and their logarithms."""
    weights = np.random.default_rng(seed).normal(0, 1, len(streams))
    return Mixture(weights, **named), normalized(weights)  # type: ignore[arg-type]


@given(STREAMS, st.integers(0, 99), st.integers(0, WORDS - 1))
def test_the_mix_is_the_weighted_mean_of_the_streams_probabilities(
    streams: np.ndarray, seed: int, token: int
) -> None:
    mixture, weights = mixture_of(streams, seed)
    expected = np.logaddexp.reduce(weights[:, None] + log_p(streams), axis=0)
    mixed = mixture.mix(list(streams))
    assert np.exp(log_p(mixed)) == pytest.approx(np.exp(expected), abs=1e-5)
    assert mixture.log_probability(token) == pytest.approx(expected[token], rel=1e-4, abs=1e-5)


@given(STREAMS, st.integers(0, 99), st.integers(0, WORDS - 1))
def test_a_tokens_posterior_is_each_streams_part_in_it(
    streams: np.ndarray, seed: int, token: int
) -> None:
    mixture, weights = mixture_of(streams, seed)
    mixture.mix(list(streams))
    parts = np.exp(weights + log_p(streams)[:, token])
    posterior = mixture.posterior(token)
    assert posterior.sum() == pytest.approx(1)
    assert posterior == pytest.approx(parts / parts.sum(), rel=1e-3, abs=1e-6)
    mixture.take(token)
    assert mixture.weights == pytest.approx(posterior)


@given(STREAMS, st.integers(0, 99), st.integers(0, WORDS - 1))
def test_without_bayes_the_weights_stay(streams: np.ndarray, seed: int, token: int) -> None:
    mixture, weights = mixture_of(streams, seed, bayes=False)
    mixture.mix(list(streams))
    mixture.take(token)
    assert mixture.log_weights == pytest.approx(weights)


@given(STREAMS, st.integers(0, 99), st.floats(0.1, 2))
def test_contrast_takes_away_what_is_said_without_a_passage(
    streams: np.ndarray, seed: int, contrast: float
) -> None:
    mixture, weights = mixture_of(
        streams[1:] if len(streams) > 2 else streams, seed, contrast=contrast
    )
    own = streams[1:] if len(streams) > 2 else streams
    together = np.logaddexp.reduce(weights[:, None] + log_p(own), axis=0)
    expected = log_p((1 + contrast) * together - contrast * log_p(streams[0]))
    found = mixture.mix(list(own), streams[0])
    assert np.exp(log_p(found)) == pytest.approx(np.exp(expected), abs=1e-3)
    token = int(found.argmax())
    assert mixture.log_probability(token) == pytest.approx(expected[token], abs=1e-2)


@given(STREAMS)
def test_one_stream_passes_as_it_is(streams: np.ndarray) -> None:
    mixture = Mixture([3.0])
    stream = streams[0]
    assert mixture.mix([stream]) is stream
    assert mixture.log_probability(2) == pytest.approx(log_p(streams[0])[2], rel=1e-4, abs=1e-5)
    assert list(mixture.posterior(2)) == [1]
    mixture.take(2)
    assert list(mixture.weights) == [1]
    assert mixture.keep_heavy() == [0]


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=9))
def test_streams_of_next_to_no_weight_are_dropped_and_the_others_keep_their_proportions(
    log_weights: list[float],
) -> None:
    mixture = Mixture(log_weights)
    before = mixture.weights
    kept = mixture.keep_heavy()
    assert kept == [n for n in range(len(before)) if before[n] >= before.max() * LEAST * (1 - 1e-9)]
    assert mixture.weights.sum() == pytest.approx(1)
    assert mixture.weights == pytest.approx(before[kept] / before[kept].sum())


def test_a_token_that_no_stream_expects_is_not_impossible() -> None:
    streams = np.full((2, WORDS), -1000, np.float32)
    streams[0, 1] = streams[1, 2] = 1000
    mixture = Mixture([0.0, 0.0])
    mixed = mixture.mix(list(streams))
    assert np.isfinite(mixed).all()
    assert mixture.posterior(3) == pytest.approx([0.5, 0.5])
    mixture.take(3)
    assert np.isfinite(mixture.log_weights).all()


# ---- refusals


def refusing(*inclined: float) -> tuple[Mixture, list[np.ndarray]]:
    """Streams that weigh the same, say 0 with these probabilities, else 1, 2, ... each its own."""
    streams = np.full((len(inclined), WORDS), 1e-9)
    for number, refusal in enumerate(inclined):
        streams[number, 0], streams[number, 1 + number] = refusal, 1 - refusal
    return Mixture(np.zeros(len(inclined))), list(np.log(streams).astype(np.float32))


def test_passages_that_hold_nothing_do_not_outvote_the_one_that_does() -> None:
    mixture, streams = refusing(0.9, 0.2, 0.8)
    assert mixture.mix(streams).argmax() == 0
    mixture.expect_refusal(0, list(np.log([0.9, 0.2, 0.8])))
    mixed = mixture.mix(streams)
    assert np.exp(log_p(mixed))[:4] == pytest.approx([0, 1 / 11, 8 / 11, 2 / 11], abs=1e-4)
    assert mixture.log_probability(2) == pytest.approx(np.log(8 / 11), abs=1e-4)
    mixture.take(2)
    assert mixture.weights == pytest.approx([0, 1, 0], abs=1e-4)


def test_a_refusal_does_not_win_against_an_answer_of_many_wordings() -> None:
    logits = np.log(np.array([0.4, 0.3, 0.2, 0.1, *[1e-9] * (WORDS - 4)])).astype(np.float32)
    mixture = Mixture([0.0])
    assert mixture.mix([logits]).argmax() == 0
    mixture.expect_refusal(0, [np.log(0.4)])
    answering = mixture.mix([logits])
    assert np.exp(log_p(answering))[:4] == pytest.approx([0, 1 / 2, 1 / 3, 1 / 6], abs=1e-4)
    mixture.take(1)
    assert mixture.mix([logits]) is logits


def test_where_none_holds_anything_it_refuses() -> None:
    mixture, streams = refusing(0.9, 0.7, 0.8)
    expected = mixture.mix(streams)
    mixture.expect_refusal(0, list(np.log([0.9, 0.7, 0.8])))
    assert mixture.mix(streams) == pytest.approx(expected)
    assert mixture.log_probability(0) == pytest.approx(np.log(0.8), abs=1e-4)


def test_an_answer_that_begins_like_a_refusal_is_none() -> None:
    mixture, streams = refusing(0.9, 0.6)
    mixture.expect_refusal(0, list(np.log([0.9, 0.0001])))
    assert mixture.mix(streams).argmax() == 0
    mixture.take(0)
    assert mixture.weights == pytest.approx([0, 1], abs=1e-3)


@pytest.mark.parametrize("certain", [(1.0, 1.0), (1.0, 0.0), (0.0, 0.0)])
def test_certainty_is_finite(certain: tuple[float, float]) -> None:
    mixture, streams = refusing(*(min(max(p, 1e-9), 1 - 1e-9) for p in certain))
    with np.errstate(divide="ignore"):
        mixture.expect_refusal(0, list(np.log(certain)))
    mixed = mixture.mix(streams)
    assert np.isfinite(mixed).all()
    assert (mixed.argmax() == 0) == (min(certain) == 1)
