"""Adapters by name: GGUF files in the cache's folder `adapters`, or paths; and a model's own."""

import os
from pathlib import Path

from models.bundled import BUNDLED_ADAPTER, CHAT_MODEL, bundled_adapter
from models.errors import ModelError
from models.settings import get_settings

NONE = "none"
"""The name that stands for no adapter, not even a model's own."""


def adapters_folder() -> Path:
    """Where adapters lie that are used by name."""
    return get_settings().cache.expanduser() / "adapters"


def own_adapter(model: str) -> Path | None:
    """The adapter that comes with a model and answers from passages, None where none does.

    Raises ModelError if its file is missing.
    """
    return bundled_adapter() if model == CHAT_MODEL else None


def find_adapter(name: str) -> Path | None:
    """The file of an adapter, None for "" and "none". Raises ModelError if there is none."""
    if name in ("", NONE):
        return None
    for path in (adapters_folder() / f"{name}.gguf", Path(os.path.expanduser(name))):
        if os.path.isfile(path):  # Path.is_file raises where a folder is closed to us
            return path
    if name == BUNDLED_ADAPTER:
        return bundled_adapter()
    raise ModelError(
        f"there is no adapter {name!r}: it is neither a file nor a name in {adapters_folder()}. "
        "Set KVASIR_ADAPTER, or run: python models list"
    )
