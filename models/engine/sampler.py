"""llama.cpp's samplers applied to logits that we hold: one stream's, or a mixture's."""

import ctypes
from itertools import accumulate
from typing import Any

import llama_cpp
import numpy as np

from models.engine.model import Model
from models.engine.sampling import Sampling
from models.errors import ModelError

PENALTY_WINDOW = 64
MOST_RULES, DEEPEST = 5000, 3000  # of a grammar
_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class Sampler:
    """The sampler chain of one answer; close it when the answer ends.

    Raises ModelError for a grammar that llama.cpp cannot read.
    """

    def __init__(self, model: Model, sampling: Sampling) -> None:
        self._model = model
        self._candidates = np.zeros(model.vocabulary_size, _CANDIDATE)
        self._grammar = _grammar(model, sampling.grammar) if sampling.grammar else None
        self._chain = _chain(sampling, model.vocabulary_size)

    def sample(self, logits: np.ndarray) -> int:
        """The next token for logits of shape (vocabulary,), which the chain then remembers.

        Raises ModelError if the grammar allows no token.
        """
        token = self._choose(logits)
        if self._grammar and not self._allows(token):
            # Checking one token is cheap, the whole vocabulary is not: only if the first is wrong.
            token = self._choose(logits, self._grammar)
            if not self._allows(token):
                raise ModelError("the grammar allows no token here. Check its rules.")
        if self._grammar:
            llama_cpp.llama_sampler_accept(self._grammar, token)
        llama_cpp.llama_sampler_accept(self._chain, token)
        return token

    def close(self) -> None:
        """Give back the chain's memory."""
        llama_cpp.llama_sampler_free(self._chain)
        if self._grammar:
            llama_cpp.llama_sampler_free(self._grammar)

    def _choose(self, logits: np.ndarray, first: Any = None) -> int:
        candidates = self._candidates
        candidates["id"] = np.arange(len(candidates), dtype=np.int32)
        candidates["logit"] = logits
        candidates["p"] = 0
        array = _array(candidates)
        if first:
            llama_cpp.llama_sampler_apply(first, ctypes.byref(array))
        llama_cpp.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)

    def _allows(self, token: int) -> bool:
        one = np.zeros(1, _CANDIDATE)
        one["id"] = token
        array = _array(one)
        llama_cpp.llama_sampler_apply(self._grammar, ctypes.byref(array))
        return bool(np.isfinite(one["logit"][0]))


def _array(candidates: np.ndarray) -> Any:
    pointer = candidates.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token_data))
    return llama_cpp.llama_token_data_array(pointer, len(candidates), -1, False)


def _chain(sampling: Sampling, vocabulary: int) -> Any:
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    links = []
    if sampling.repeat_penalty != 1.0:
        links.append(
            llama_cpp.llama_sampler_init_penalties(
                vocabulary, PENALTY_WINDOW, sampling.repeat_penalty, 0.0, 0.0
            )
        )
    if sampling.temperature <= 0:
        links.append(llama_cpp.llama_sampler_init_greedy())
    else:
        seed = llama_cpp.LLAMA_DEFAULT_SEED if sampling.seed is None else sampling.seed
        links += [
            llama_cpp.llama_sampler_init_top_p(sampling.top_p, 1),
            llama_cpp.llama_sampler_init_min_p(sampling.min_p, 1),
            llama_cpp.llama_sampler_init_temp(sampling.temperature),
            llama_cpp.llama_sampler_init_dist(seed & 0xFFFFFFFF),
        ]
    for link in links:
        llama_cpp.llama_sampler_chain_add(chain, link)
    return chain


def _grammar(model: Model, text: str) -> Any:
    # llama.cpp descends into rules and parentheses by recursion: too deep a one ends the process.
    depth = max(accumulate((c == "(") - (c == ")") for c in text), default=0)
    if depth > DEEPEST or text.count("::=") > MOST_RULES:
        raise ModelError(
            f"the grammar is too large: {text.count('::=')} rules, {depth} parentheses deep. "
            f"At most {MOST_RULES} and {DEEPEST} can be used."
        )
    data = text.encode("utf-8", "replace")
    whole = b"\0" not in data  # else llama.cpp would read half of it
    sampler = whole and llama_cpp.llama_sampler_init_grammar(model.vocabulary, data, b"root")
    if not sampler:
        raise ModelError(f"the grammar cannot be read: {text[:80]!r}. It needs a rule named root.")
    return sampler
