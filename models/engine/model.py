"""A GGUF model loaded by llama.cpp: its vocabulary, its template, its LoRA adapters.

All of it may be used from any thread; computing is models.engine.context's.
"""

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import llama_cpp

from models.engine.backend import initialise
from models.engine.beginning import Beginning, read_beginning
from models.errors import ModelError

# Architectures whose moved passages were compared with the oracle of the tests: llama.cpp shifts
# others, too, and where positions are not all in the keys that means nothing.
SPLICED = frozenset({"llama"})


class Model:
    """The weights of one file. Raises ModelError if the file cannot be loaded.

    `chat_template` is the file's Jinja template, "" if it has none, `parameters` how many weights
    there are, `trained_context` the tokens of context that it was trained for, 0 if unknown. The
    memory of a model that `is_recurrent` is a state instead of (or beside) a KV cache.
    """

    def __init__(self, path: Path, gpu_layers: int = -1) -> None:
        initialise()
        self.path = path
        self.pointer = pointer = _load(path, gpu_layers)
        self._vocab = llama_cpp.llama_model_get_vocab(pointer)
        self._adapters: dict[Path, Any] = {}
        self._beginnings: dict[Path, Beginning] = {}
        self._loading = threading.Lock()
        self._calls = 0  # that are within llama.cpp now
        self._no_calls = threading.Condition()
        self._closed = False
        template = llama_cpp.llama_model_chat_template(pointer, None) or b""
        self.chat_template = template.decode("utf-8", "replace")
        self.parameters = int(llama_cpp.llama_model_n_params(pointer))
        self.trained_context = int(llama_cpp.llama_model_n_ctx_train(pointer))
        self.architecture = _architecture(pointer)
        recurrent = llama_cpp.llama_model_is_recurrent(pointer)
        self.is_recurrent = bool(recurrent or llama_cpp.llama_model_is_hybrid(pointer))
        self.vocabulary_size = int(llama_cpp.llama_vocab_n_tokens(self._vocab))
        self.adds_bos = bool(llama_cpp.llama_vocab_get_add_bos(self._vocab))

    def close(self) -> None:
        """Give back the memory, adapters' too, when no other thread reads it any more."""
        with self._no_calls:
            self._closed = True
            self._no_calls.wait_for(lambda: not self._calls)
        for adapter in self._adapters.values():
            llama_cpp.llama_adapter_lora_free(adapter)
        self._adapters.clear()
        llama_cpp.llama_model_free(self.pointer)

    @contextmanager
    def _open(self) -> Iterator[None]:
        """The memory is not given back meanwhile. Raises ModelError if it was before."""
        with self._no_calls:
            if self._closed:
                raise ModelError(f"{self.path.name} is closed: its engine has ended")
            self._calls += 1
        try:
            yield
        finally:
            with self._no_calls:
                self._calls -= 1
                self._no_calls.notify_all()

    # ---- the model

    @property
    def can_splice(self) -> bool:
        """Whether passages may be moved to other positions."""
        return self.architecture in SPLICED and not self.is_recurrent

    def adapter_named(self, path: str) -> Any | None:
        """The LoRA adapter of a path that was loaded before, None for "" or another kind."""
        return self._adapters.get(Path(path)) if path else None

    def beginning_named(self, path: str) -> Beginning | None:
        """The learnt beginning of a path that was loaded before, None for "" or another kind."""
        return self._beginnings.get(Path(path)) if path else None

    def load_adapter(self, path: Path) -> None:
        """Load an adapter's file, of whichever kind. Raises ModelError if it does not fit."""
        _check_magic(path, "adapter")
        beginning = read_beginning(path)
        if beginning is None:
            self.adapter(path)
            return
        if self.is_recurrent:
            raise ModelError(f"{path} is a learnt beginning, which {self.path.name} cannot hold")
        with self._loading:
            self._beginnings.setdefault(path, beginning)

    def adapter(self, path: Path) -> Any:
        """The LoRA adapter of a GGUF file, loaded once. Raises ModelError if it does not fit."""
        with self._open(), self._loading:
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

    def special(self, name: str) -> str:
        """The text of the token "bos" or "eos", "" if the vocabulary has none."""
        with self._open():
            token = getattr(llama_cpp, f"llama_vocab_{name}")(self._vocab)
            if token < 0:
                return ""
            text = llama_cpp.llama_vocab_get_text(self._vocab, token) or b""
        return text.decode("utf-8", "replace")

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Token ids of the text; control tokens in it count as such only with `special`."""
        raw = text.encode("utf-8", "replace")
        size = len(raw)
        for room in (size + 8, 3 * size + 8):  # a space may be spread over the bytes of another
            tokens = (llama_cpp.llama_token * room)()
            with self._open():
                count = llama_cpp.llama_tokenize(
                    self._vocab, raw, size, tokens, room, False, special
                )
            if count >= 0:
                return list(tokens[:count])
        raise ModelError(f"a text of {size} bytes could not be tokenized")

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for; a UTF-8 character may be spread over several."""
        room = 128
        while True:
            buffer = ctypes.create_string_buffer(room)
            with self._open():
                count = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, room, 0, False)
            if count >= 0:
                return buffer.raw[:count]
            room = -count

    def ends(self, token: int) -> bool:
        """Whether the model ends its turn with this token."""
        with self._open():
            return bool(llama_cpp.llama_vocab_is_eog(self._vocab, token))


def _architecture(pointer: Any) -> str:
    """The name in the file's metadata."""
    room = ctypes.create_string_buffer(64)
    key = b"general.architecture"
    count = llama_cpp.llama_model_meta_val_str(pointer, key, room, len(room))
    return room.value.decode("utf-8", "replace") if count > 0 else ""


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
