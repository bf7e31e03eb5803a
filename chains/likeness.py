"""Whether two words may say the same, told by their vectors.

Vectors of single words all lie close together, and how close depends on the embedder and on the
language: so a pair is compared with pairs of words that have nothing to do with each other.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from threading import Lock

import numpy as np

# Nothing in common; each stands for its language.
_UNRELATED = {
    False: "carrot justice seventeen whisper bridge purple mathematics sleep swim king".split(),
    True: "萝卜 正义 耳语 桥梁 紫色 数学 睡觉 游泳 国王 打印".split(),
}
REMEMBERED = 4096  # words whose vectors are kept


class Likeness:
    """Compares words by the vectors that `embed` gives, remembering them."""

    def __init__(self, embed: Callable[[list[str]], np.ndarray]) -> None:
        self._embed = embed
        self._vectors: dict[str, np.ndarray] = {}
        self._lock = Lock()

    def best(self, words: Sequence[str], others: Sequence[str]) -> list[float]:
        """For each word, how like it the likest of the others is.

        In standard deviations above words that have nothing in common: about 0 for those, 2 and
        more for synonyms; -9 where there are no others in its script.
        """
        vectors = self._learned({*words, *others})
        found: list[float] = []
        for word in words:
            same_script = [vectors[other] for other in others if _is_han(other) == _is_han(word)]
            if same_script:
                mean, deviation = self._unlike[_is_han(word)]
                cosine = float((np.stack(same_script) @ vectors[word]).max())
                found.append((cosine - mean) / deviation)
            else:
                found.append(-9.0)
        return found

    @cached_property
    def _unlike(self) -> dict[bool, tuple[float, float]]:
        """Mean and standard deviation of the cosines of unrelated words, for both scripts."""
        found = {}
        for han, words in _UNRELATED.items():
            vectors = self._embed(words)
            cosines = (vectors @ vectors.T)[np.triu_indices(len(words), 1)]
            found[han] = (float(cosines.mean()), max(float(cosines.std()), 1e-3))
        return found

    def _learned(self, words: set[str]) -> dict[str, np.ndarray]:
        with self._lock:
            known = {word: self._vectors[word] for word in words if word in self._vectors}
        new = sorted(words - known.keys())
        if new:
            known.update(zip(new, self._embed(new), strict=True))
            with self._lock:
                if len(self._vectors) + len(new) > REMEMBERED:
                    self._vectors.clear()
                self._vectors.update((word, known[word]) for word in new)
        return known


def _is_han(word: str) -> bool:
    return word[0] >= "\u3400"
