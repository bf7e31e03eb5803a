"""Fused decoding: the next token from the weighted mixture of several passages' streams.

RAG-Token of Lewis et al. (2005.11401), the weights from the question's likelihood as in REPLUG
(2301.12652). It knows logits and weights, not sequences or llama.cpp.
"""

from collections.abc import Sequence

import numpy as np

from models.engine.request import log_total

LEAST = 0.01  # a passage with less weight than this is dropped


class Mixture:
    """The streams' weights, and the distribution that they make together.

    With one stream and no contrast the logits pass through as they are.
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
        self._log_p = np.zeros((0, 0), np.float32)  # of the streams, shape (streams, vocabulary)

    @property
    def weights(self) -> np.ndarray:
        """The streams' shares, shape (streams,), summing to 1."""
        return np.exp(self.log_weights)

    def mix(self, logits: Sequence[np.ndarray], bare: np.ndarray | None = None) -> np.ndarray:
        """Logits of the next token for the streams' logits, and the no-context stream's."""
        if len(logits) == 1 and bare is None:
            self._log_p = logits[0][None]
            return logits[0]
        self._log_p = np.stack([stream - np.float32(log_total(stream)) for stream in logits])
        weighted = self._log_p + self.log_weights[:, None].astype(np.float32)
        mixed: np.ndarray = np.logaddexp.reduce(weighted, axis=0)
        if bare is not None and self._contrast:
            mixed = (1 + self._contrast) * mixed - self._contrast * (bare - log_total(bare))
        return mixed

    def posterior(self, token: int) -> np.ndarray:
        """Each stream's part in a token of the last mix, w_i P_i(token), summing to 1."""
        if len(self.log_weights) == 1:
            return np.ones(1)
        return np.exp(normalized(self.log_weights + self._log_p[:, token]))

    def take(self, token: int) -> None:
        """Note the token that was chosen: streams that expected it gain weight (Bayes' rule)."""
        if self._bayes and len(self.log_weights) > 1:
            self.log_weights = normalized(self.log_weights + self._log_p[:, token])

    def keep_heavy(self) -> list[int]:
        """Drop the streams without weight; returns the places of those that stay."""
        heaviest = self.log_weights.max()
        kept = [i for i, w in enumerate(self.log_weights) if w >= heaviest + np.log(LEAST)]
        self.log_weights = normalized(self.log_weights[kept])
        return kept


def normalized(log_weights: np.ndarray) -> np.ndarray:
    """Log weights whose exponentials sum to 1."""
    result: np.ndarray = log_weights - np.logaddexp.reduce(log_weights)
    return result
