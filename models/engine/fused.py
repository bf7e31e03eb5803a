"""Fused decoding: the next token from the weighted mixture of several passages' streams.

RAG-Token of Lewis et al. (2005.11401), the weights from the question's likelihood as in REPLUG
(2301.12652). It knows logits and weights, not sequences or llama.cpp.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.engine.request import log_probability, log_total

LEAST = 0.01  # a passage with less weight than this is dropped
ANSWERED = 0.5  # a stream that finds a refusal no likelier than this answers
LEAST_LEFT = 1e-9  # of the probability, for answers that are no refusal


class Mixture:
    """The streams' weights, and the distribution that they make together.

    With one stream, no contrast and nothing to refuse the logits pass through as they are.
    """

    def __init__(
        self,
        log_weights: Sequence[float] | np.ndarray,
        contrast: float = 0.0,
        *,
        bayes: bool = True,
    ) -> None:
        self.log_weights = normalized(np.asarray(log_weights, np.float64))
        self._contrast = contrast
        self._bayes = bayes
        self._streams: Sequence[np.ndarray] = ()  # logits, each of shape (vocabulary,)
        self._totals: list[float] = []  # log sum exp of each stream
        self._contrasted: np.ndarray | None = None
        self._declined: _Declined | None = None

    @property
    def weights(self) -> np.ndarray:
        """The streams' shares, shape (streams,), summing to 1."""
        return np.exp(self.log_weights)

    def expect_refusal(self, token: int, log_probabilities: Sequence[float]) -> None:
        """Decide whether the next mix refuses, before it is chosen what is said otherwise.

        A refusal begins with `token`; its log-probability is given for each stream. Only where
        each finds it likelier than all answers together it stands. Else the next mix is what the
        streams say if they do not refuse: neither do passages that hold nothing outvote the one
        that holds the answer, nor does one refusal win against an answer of many wordings.
        """
        refused = np.exp(np.asarray(log_probabilities, np.float64))
        if refused.min() <= ANSWERED:
            others = max(1 - float(self.weights @ refused), LEAST_LEFT)
            self._declined = _Declined(token, refused, float(np.log(others)))

    def mix(self, logits: Sequence[np.ndarray], bare: np.ndarray | None = None) -> np.ndarray:
        """Logits of the next token for the streams' logits, and the no-context stream's."""
        self._streams, self._totals, self._contrasted = logits, [], None
        if len(logits) == 1 and bare is None and not self._declined:
            return logits[0]
        mixed = np.full_like(logits[0], np.finfo(np.float32).tiny)  # log 0 is no logit
        for place, stream in enumerate(logits):
            top = float(stream.max())
            powers = np.exp(stream - top)
            total = float(powers.sum(dtype=np.float64))
            mixed += np.float32(self.weights[place] / total) * powers
            self._totals.append(top + float(np.log(total)))
        np.log(mixed, out=mixed)
        if self._declined:
            mixed -= np.float32(self._declined.log_others)
            mixed[self._declined.token] = np.logaddexp.reduce(self._parts(self._declined.token))
        if bare is None or not self._contrast:
            return mixed
        self._contrasted = (1 + self._contrast) * mixed - self._contrast * (bare - log_total(bare))
        return self._contrasted

    def log_probability(self, token: int) -> float:
        """log P(token) under the last mix, in nats; exact where the mix itself is rounded."""
        if self._contrasted is not None:
            return log_probability(self._contrasted, token)
        return float(np.logaddexp.reduce(self._parts(token)))

    def posterior(self, token: int) -> np.ndarray:
        """Each stream's part in a token of the last mix, summing to 1."""
        if len(self.log_weights) == 1:
            return np.ones(1)
        return np.exp(normalized(self._parts(token)))

    def take(self, token: int) -> None:
        """Note the token that was chosen: streams that expected it gain weight (Bayes' rule)."""
        if self._bayes and len(self.log_weights) > 1:
            self.log_weights = normalized(self._parts(token))
        self._declined = None

    def _parts(self, token: int) -> np.ndarray:
        """log w_i P_i(token); their sum's is the token's in the mixture."""
        self._totals = self._totals or [log_total(stream) for stream in self._streams]
        log_p = np.array([float(stream[token]) for stream in self._streams]) - self._totals
        if self._declined:
            if token == self._declined.token:  # what only begins like a refusal is left
                left = np.maximum(np.exp(log_p) - self._declined.refused, np.finfo(np.float32).tiny)
                log_p = np.log(left)
            log_p -= self._declined.log_others
        return self.log_weights + log_p

    def keep_heavy(self) -> list[int]:
        """Drop the streams without weight; returns the places of those that stay."""
        heaviest = self.log_weights.max()
        kept = [i for i, w in enumerate(self.log_weights) if w >= heaviest + np.log(LEAST)]
        self.log_weights = normalized(self.log_weights[kept])
        return kept


@dataclass(frozen=True)
class _Declined:
    """A refusal that is not made: how it begins, P for each stream, log P of all other answers."""

    token: int
    refused: np.ndarray
    log_others: float


def normalized(log_weights: np.ndarray) -> np.ndarray:
    """Log weights whose exponentials sum to 1."""
    result: np.ndarray = log_weights - np.logaddexp.reduce(log_weights)
    return result
