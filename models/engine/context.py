"""llama.cpp's low-level API, here and nowhere else: a model, its context, tokens, samplers.

A context is not thread-safe: models.engine.engine owns it from one thread. It knows nothing of
queues, messages or prompts.
"""

import ctypes
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np

from models.engine.sampling import Sampling
from models.errors import ModelError

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())  # else Python prints warnings: an error is one line here

BATCH = 128  # tokens decoded in one call: what a cancel waits for, at most
PENALTY_WINDOW = 64
_LEVELS = {1: logging.DEBUG, 2: logging.DEBUG, 3: logging.WARNING, 4: logging.ERROR}


@llama_cpp.llama_log_callback
def _to_logging(level: int, text: bytes, _data: Any) -> None:
    line = text.decode("utf-8", "replace").rstrip()
    if line:
        log.log(_LEVELS.get(level, logging.DEBUG), line)


@dataclass(frozen=True)
class Placement:
    """How a model is loaded: its context in tokens, layers on the GPU (-1: all), threads."""

    context: int = 8192
    gpu_layers: int = -1
    threads: int = 0


class Context:
    """A loaded model and its context. Raises ModelError if the file cannot be loaded."""

    def __init__(self, path: Path, placement: Placement) -> None:
        llama_cpp.llama_log_set(_to_logging, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        self._model = _load_model(path, placement)
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)
        trained = llama_cpp.llama_model_n_ctx_train(self._model)
        self.size = min(placement.context, trained) if trained > 0 else placement.context
        try:
            self._context = self._new_context(path, placement)
        except ModelError:
            llama_cpp.llama_model_free(self._model)
            raise
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._batch = llama_cpp.llama_batch_init(BATCH, 0, 1)

    def _new_context(self, path: Path, placement: Placement) -> Any:
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = self.size
        params.n_batch = params.n_ubatch = BATCH
        params.n_seq_max = 1
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        params.n_threads = params.n_threads_batch = placement.threads or cores or 1
        params.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_AUTO
        params.no_perf = True
        context = llama_cpp.llama_init_from_model(self._model, params)
        if not context:
            raise ModelError(
                f"there is no memory for {self.size} tokens of context with {path.name}. "
                "Set KVASIR_CONTEXT to less."
            )
        return context

    def close(self) -> None:
        """Give back the memory. The context is unusable afterwards."""
        llama_cpp.llama_batch_free(self._batch)
        llama_cpp.llama_free(self._context)
        llama_cpp.llama_model_free(self._model)

    # ---- text and tokens: safe from any thread, the vocabulary does not change

    @property
    def chat_template(self) -> str:
        """The Jinja template of the model's file, "" if it has none."""
        return (llama_cpp.llama_model_chat_template(self._model, None) or b"").decode("utf-8")

    @property
    def parameters(self) -> int:
        """How many weights the model has."""
        return int(llama_cpp.llama_model_n_params(self._model))

    @property
    def adds_bos(self) -> bool:
        """Whether prompts begin with the beginning-of-sequence token."""
        return bool(llama_cpp.llama_vocab_get_add_bos(self._vocab))

    def special(self, name: str) -> str:
        """The text of the token "bos" or "eos", "" if the vocabulary has none."""
        token = getattr(llama_cpp, f"llama_vocab_{name}")(self._vocab)
        if token < 0:
            return ""
        return (llama_cpp.llama_vocab_get_text(self._vocab, token) or b"").decode("utf-8")

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Token ids of the text; control tokens in it count as such only with `special`."""
        raw = text.encode("utf-8", "replace")
        room = len(raw) + 8
        tokens = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(self._vocab, raw, len(raw), tokens, room, False, special)
        if count < 0:
            raise ModelError(f"a text of {len(raw)} bytes could not be tokenized")
        return list(tokens[:count])

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for; a UTF-8 character may be spread over several."""
        room = 128
        while True:
            buffer = ctypes.create_string_buffer(room)
            count = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, room, 0, False)
            if count >= 0:
                return buffer.raw[:count]
            room = -count

    def ends(self, token: int) -> bool:
        """Whether the model ends its turn with this token."""
        return bool(llama_cpp.llama_vocab_is_eog(self._vocab, token))

    # ---- decoding: from the owning thread alone

    def forget(self, position: int) -> int:
        """Drop the KV cache from a position on; returns how many tokens are left.

        None are where the model's memory cannot be cut back to a prefix (recurrent ones).
        """
        if llama_cpp.llama_memory_seq_rm(self._memory, 0, position, -1):
            return position
        llama_cpp.llama_memory_clear(self._memory, True)
        return 0

    def decode(self, tokens: Sequence[int], position: int, *, all_logits: bool = False) -> None:
        """Compute up to BATCH tokens from `position` on; the last one's logits can be sampled.

        With `all_logits`, log_probabilities can look behind each of them.
        """
        batch = self._batch
        batch.n_tokens = len(tokens)
        for index, token in enumerate(tokens):
            batch.token[index] = token
            batch.pos[index] = position + index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = 0
            batch.logits[index] = all_logits or index == len(tokens) - 1
        status = llama_cpp.llama_decode(self._context, batch)
        if status:
            raise ModelError(
                f"llama.cpp could not decode {len(tokens)} tokens at position {position} "
                f"(status {status})"
            )

    def log_probabilities(self, targets: Sequence[int]) -> list[float]:
        """log P(target) for each, in nats, after the tokens of the last decode call.

        The last target follows the last token, the one before it the last but one, and so on.
        """
        vocabulary = llama_cpp.llama_vocab_n_tokens(self._vocab)
        found = []
        for index, target in enumerate(targets):
            place = index - len(targets)
            logits = np.ctypeslib.as_array(
                llama_cpp.llama_get_logits_ith(self._context, place), (vocabulary,)
            ).astype(np.float64)
            top = logits.max()
            found.append(float(logits[target] - top - np.log(np.exp(logits - top).sum())))
        return found

    def sampler(self, sampling: Sampling) -> "Sampler":
        """A sampler for one answer."""
        size = llama_cpp.llama_vocab_n_tokens(self._vocab)
        return Sampler(self._context, sampling, size)


class Sampler:
    """llama.cpp's sampler chain for one answer; close it when the answer ends."""

    def __init__(self, context: Any, sampling: Sampling, vocabulary: int) -> None:
        self._context = context
        self._chain = llama_cpp.llama_sampler_chain_init(
            llama_cpp.llama_sampler_chain_default_params()
        )
        if sampling.repeat_penalty != 1.0:
            self._add(
                llama_cpp.llama_sampler_init_penalties(
                    vocabulary, PENALTY_WINDOW, sampling.repeat_penalty, 0.0, 0.0
                )
            )
        if sampling.temperature <= 0:
            self._add(llama_cpp.llama_sampler_init_greedy())
            return
        self._add(llama_cpp.llama_sampler_init_top_p(sampling.top_p, 1))
        self._add(llama_cpp.llama_sampler_init_min_p(sampling.min_p, 1))
        self._add(llama_cpp.llama_sampler_init_temp(sampling.temperature))
        seed = llama_cpp.LLAMA_DEFAULT_SEED if sampling.seed is None else sampling.seed
        self._add(llama_cpp.llama_sampler_init_dist(seed & 0xFFFFFFFF))

    def _add(self, link: Any) -> None:
        llama_cpp.llama_sampler_chain_add(self._chain, link)

    def sample(self) -> int:
        """The next token, from the logits of the last decode."""
        return int(llama_cpp.llama_sampler_sample(self._chain, self._context, -1))

    def close(self) -> None:
        """Give back the chain's memory."""
        llama_cpp.llama_sampler_free(self._chain)


def _load_model(path: Path, placement: Placement) -> Any:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelError(
            f"the model {path} cannot be read: {error.strerror}. Run: python models list"
        ) from error
    if magic != b"GGUF":
        raise ModelError(f"{path} is no GGUF file: it starts with {magic!r}")
    params = llama_cpp.llama_model_default_params()
    params.n_gpu_layers = placement.gpu_layers if placement.gpu_layers >= 0 else 999
    model = llama_cpp.llama_model_load_from_file(os.fsencode(path), params)
    if not model:
        raise ModelError(
            f"llama.cpp cannot load {path}: the file is damaged, or of an architecture that "
            f"llama-cpp-python {llama_cpp.__version__} does not know"
        )
    return model
