"""A GGUF model loaded by llama.cpp: its vocabulary, its template, its LoRA adapters.

All of it may be used from any thread; computing is models.engine.context's.
"""

import ctypes
import os
import threading
from pathlib import Path
from typing import Any

import llama_cpp

from models.engine.backend import initialise
from models.errors import ModelError

# Architectures whose moved passages were compared with the oracle of the tests: llama.cpp shifts
# others, too, and where positions are not all in the keys that means nothing.
SPLICED = frozenset({"llama"})


class Model:
    """The weights of one file. Raises ModelError if the file cannot be loaded."""

    def __init__(self, path: Path, gpu_layers: int = -1) -> None:
        initialise()
        self.path = path
        self.pointer = _load(path, gpu_layers)
        self._vocab = llama_cpp.llama_model_get_vocab(self.pointer)
        self._adapters: dict[Path, Any] = {}
        self._loading = threading.Lock()

    def close(self) -> None:
        """Give back the memory, adapters' too."""
        for adapter in self._adapters.values():
            llama_cpp.llama_adapter_lora_free(adapter)
        self._adapters.clear()
        llama_cpp.llama_model_free(self.pointer)

    # ---- the model

    @property
    def chat_template(self) -> str:
        """The Jinja template of the model's file, "" if it has none."""
        return (llama_cpp.llama_model_chat_template(self.pointer, None) or b"").decode("utf-8")

    @property
    def parameters(self) -> int:
        """How many weights the model has."""
        return int(llama_cpp.llama_model_n_params(self.pointer))

    @property
    def trained_context(self) -> int:
        """Tokens of context that the model was trained for, 0 if the file does not say."""
        return int(llama_cpp.llama_model_n_ctx_train(self.pointer))

    @property
    def architecture(self) -> str:
        """The name of the architecture in the file's metadata."""
        room = ctypes.create_string_buffer(64)
        key = b"general.architecture"
        count = llama_cpp.llama_model_meta_val_str(self.pointer, key, room, len(room))
        return room.value.decode("utf-8", "replace") if count > 0 else ""

    @property
    def can_splice(self) -> bool:
        """Whether passages may be moved to other positions."""
        return self.architecture in SPLICED and not self.is_recurrent

    @property
    def is_recurrent(self) -> bool:
        """Whether its memory is a state instead of (or beside) a KV cache."""
        pointer = self.pointer
        recurrent = llama_cpp.llama_model_is_recurrent(pointer)
        return bool(recurrent or llama_cpp.llama_model_is_hybrid(pointer))

    def adapter_named(self, path: str) -> Any | None:
        """The adapter of a path that was loaded before, None for "" """
        return self._adapters[Path(path)] if path else None

    def adapter(self, path: Path) -> Any:
        """The LoRA adapter of a GGUF file, loaded once. Raises ModelError if it does not fit."""
        with self._loading:
            if path not in self._adapters:
                _check_magic(path, "adapter")
                loaded = llama_cpp.llama_adapter_lora_init(self.pointer, os.fsencode(path))
                if not loaded:
                    raise ModelError(
                        f"{path} is no LoRA adapter for {self.path.name}: it was made for "
                        "another model, or is damaged"
                    )
                self._adapters[path] = loaded
            return self._adapters[path]

    # ---- text and tokens

    @property
    def vocabulary(self) -> Any:
        """llama.cpp's handle of the vocabulary."""
        return self._vocab

    @property
    def vocabulary_size(self) -> int:
        """How many tokens there are."""
        return int(llama_cpp.llama_vocab_n_tokens(self._vocab))

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


def _check_magic(path: Path, what: str) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelError(
            f"the {what} {path} cannot be read: {error.strerror}. Run: python models list"
        ) from error
    if magic != b"GGUF":
        raise ModelError(f"{path} is no GGUF file: it starts with {magic!r}")


def _load(path: Path, gpu_layers: int) -> Any:
    _check_magic(path, "model")
    params = llama_cpp.llama_model_default_params()
    params.n_gpu_layers = gpu_layers if gpu_layers >= 0 else 999
    model = llama_cpp.llama_model_load_from_file(os.fsencode(path), params)
    if not model:
        raise ModelError(
            f"llama.cpp cannot load {path}: the file is damaged, or of an architecture that "
            f"llama-cpp-python {llama_cpp.__version__} does not know"
        )
    return model
