"""A llama.cpp context: the KV cache of many sequences, decoded together.

A context is not thread-safe: models.engine.engine owns it from one thread. It knows nothing of
queues, messages or prompts, and does not remember which tokens lie in which sequence.
"""

import ctypes
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np

from models.engine.model import Model
from models.errors import ModelError

SEQUENCES = 64  # that the context can tell apart: running answers, their passages, kept ones
KV_TYPES = {
    "f32": llama_cpp.GGML_TYPE_F32,
    "f16": llama_cpp.GGML_TYPE_F16,
    "bf16": 30,  # GGML_TYPE_BF16, which llama_cpp does not name
    "q8_0": llama_cpp.GGML_TYPE_Q8_0,
    "q4_0": llama_cpp.GGML_TYPE_Q4_0,
}
_ABORTED = 2

Row = tuple[int, int, int, bool]  # token, position, sequence, whether its logits are wanted


@dataclass(frozen=True)
class Placement:
    """How a model is run: its context in tokens (all sequences together), layers on the GPU
    (-1: all), threads (0: one per core), tokens per decode call, flash attention (None: where
    llama.cpp can), and the type of the KV cache.
    """

    context: int = 8192
    gpu_layers: int = -1
    threads: int = 0
    batch: int = 256
    flash_attention: bool | None = None
    kv_type: str = "f16"


class Context:
    """A loaded model and its KV cache. Raises ModelError if there is no loading it."""

    def __init__(self, path: Path, placement: Placement) -> None:
        self.model = Model(path, placement.gpu_layers)
        trained = self.model.trained_context
        self.size = min(placement.context, trained) if trained > 0 else placement.context
        # llama.cpp reserves an output for each sequence and stops the process if a batch has fewer,
        # or if the context is smaller than the batch.
        self.batch_size = max(min(placement.batch, self.size), SEQUENCES)
        self._placement = placement
        self.kv_type = placement.kv_type
        self._abort = ctypes.create_string_buffer(2)
        try:
            self._context = self._open()
        except ModelError:
            self.model.close()
            raise
        self._batch = llama_cpp.llama_batch_init(self.batch_size, 0, 1)

    def _open(self) -> Any:
        placement = self._placement
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = max(self.size, SEQUENCES)
        params.n_batch = params.n_ubatch = self.batch_size
        params.n_seq_max = SEQUENCES
        params.n_outputs_max = params.n_outputs_max_per_seq = 0  # as many as the batch has tokens
        params.kv_unified = True  # sequences share cells: a copied prefix costs nothing
        params.swa_full = True  # a sliding window alone could not be cut back to a prefix
        params.n_threads = params.n_threads_batch = placement.threads or _cores()
        # The automatic choice would fall back silently and store V transposed: slow to save.
        params.flash_attn_type = {
            None: llama_cpp.LLAMA_FLASH_ATTN_TYPE_AUTO,
            True: llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED,
            False: llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED,
        }[placement.flash_attention]
        params.type_k = params.type_v = _kv_type(placement.kv_type)
        params.no_perf = True
        if _is_set:
            params.abort_callback = _is_set
            params.abort_callback_data = ctypes.cast(self._abort, ctypes.c_void_p)
        context = llama_cpp.llama_init_from_model(self.model.pointer, params)
        if not context:
            raise ModelError(
                f"there is no memory for {self.size} tokens of context with "
                f"{self.model.path.name}. Set KVASIR_CONTEXT to less."
            )
        self._memory = llama_cpp.llama_get_memory(context)
        return context

    def close(self) -> None:
        """Give back the memory. The context is unusable afterwards."""
        llama_cpp.llama_batch_free(self._batch)
        llama_cpp.llama_free(self._context)
        self.model.close()

    def reset(self) -> None:
        """Begin anew with an empty KV cache: after a failure whose traces could be anywhere."""
        llama_cpp.llama_free(self._context)
        self._context = self._open()

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """`Model.tokenize`."""
        return self.model.tokenize(text, special=special)

    # ---- decoding

    def decode(self, rows: Sequence[Row]) -> bool:
        """Compute up to `batch_size` tokens; False if it was aborted, and then nothing is changed.

        A sequence's positions go on where it ends. Raises ModelError if llama.cpp fails.
        """
        batch = self._batch
        batch.n_tokens = len(rows)
        for index, (token, position, sequence, wanted) in enumerate(rows):
            batch.token[index] = token
            batch.pos[index] = position
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = sequence
            batch.logits[index] = wanted
        self._abort[0] = b"\0"
        status = llama_cpp.llama_decode(self._context, batch)
        if status == _ABORTED:
            return False
        if status:
            raise ModelError(
                f"llama.cpp could not decode {len(rows)} tokens (status {status}; "
                f"1 means that the {self.size} tokens of context are full)"
            )
        return True

    def abort(self) -> None:
        """From any thread: stop the decode call that runs now. One that begins later runs."""
        self._abort[0] = b"\1"

    def logits(self, row: int) -> np.ndarray:
        """The logits behind a row of the last decode, float32, shape (vocabulary,).

        A view into llama.cpp's buffer, valid until the next decode; the row must have wanted them.
        """
        pointer = llama_cpp.llama_get_logits_ith(self._context, row)
        return np.ctypeslib.as_array(pointer, (self.model.vocabulary_size,))

    # ---- sequences

    def remove(self, sequence: int, start: int = 0, end: int = -1) -> bool:
        """Take the positions from a sequence; False where the model's memory can't (recurrent)."""
        return bool(llama_cpp.llama_memory_seq_rm(self._memory, sequence, start, end))

    def copy(self, source: int, target: int, start: int = 0, end: int = -1) -> None:
        """Put the source's cells at these positions into the target, too: shared, not moved."""
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, start, end)

    def shift(self, sequence: int, start: int, end: int, delta: int) -> None:
        """Move cells to other positions (RoPE shift), for every sequence that shares them.

        llama.cpp applies it at the next decode; a save in between would save the old keys.
        """
        llama_cpp.llama_memory_seq_add(self._memory, sequence, start, end, delta)

    @property
    def can_shift(self) -> bool:
        """Whether llama.cpp can move cells of this model at all."""
        return bool(llama_cpp.llama_memory_can_shift(self._memory))

    def extent(self, sequence: int) -> tuple[int, int]:
        """The first and last position of a sequence, (-1, -1) if it is empty."""
        least = llama_cpp.llama_memory_seq_pos_min(self._memory, sequence)
        return int(least), int(llama_cpp.llama_memory_seq_pos_max(self._memory, sequence))

    def save(self, sequence: int) -> bytes:
        """The KV of a sequence, for `restore`. b"" if llama.cpp cannot."""
        room = llama_cpp.llama_state_seq_get_size(self._context, sequence)
        data = (ctypes.c_uint8 * room)()
        size = llama_cpp.llama_state_seq_get_data(self._context, data, room, sequence)
        return bytes(memoryview(data)[:size])

    def restore(self, sequence: int, blob: bytes | memoryview) -> bool:
        """Replace a sequence by a saved one, at its old positions; False if there is no room.

        The blob must come from `save` of this very build and model: llama.cpp trusts it.
        After False the sequence is empty, but other traces may remain: `reset` (llama.cpp #27052).
        """
        data = (ctypes.c_uint8 * len(blob)).from_buffer_copy(blob)
        return bool(llama_cpp.llama_state_seq_set_data(self._context, data, len(blob), sequence))

    # ---- adapters

    def use_adapter(self, adapter: Any | None, scale: float = 1.0) -> None:
        """Apply a LoRA adapter of `Model.adapter` to the decodes to come, None for none."""
        if adapter is None:
            llama_cpp.llama_set_adapters_lora(self._context, None, 0, None)
            return
        adapters = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(adapter)
        scales = (ctypes.c_float * 1)(scale)
        llama_cpp.llama_set_adapters_lora(self._context, adapters, 1, scales)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _kv_type(name: str) -> int:
    if name not in KV_TYPES:
        raise ModelError(f"there is no KV type {name}. Use one of {', '.join(KV_TYPES)}.")
    return int(KV_TYPES[name])


def _native_test() -> Any:
    """A C function that says whether a flag is set, None where there is none.

    llama.cpp asks after every operation, some thousand times a second: Python would have to take
    the interpreter's lock each time. strlen does without: "" is 0 and "\\1" is 1.
    """
    with suppress(AttributeError, OSError, TypeError):
        address = ctypes.cast(ctypes.CDLL(None).strlen, ctypes.c_void_p).value
        return llama_cpp.ggml_abort_callback(address) if address else None
    return None


_is_set = _native_test()
