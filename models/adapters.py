"""LoRA adapters by name: GGUF files in the cache's folder `adapters`, or paths."""

import os
from pathlib import Path

from models.errors import ModelError
from models.settings import get_settings


def adapters_folder() -> Path:
    """Where adapters lie that are used by name."""
    return get_settings().cache.expanduser() / "adapters"


def find_adapter(name: str) -> Path | None:
    """The file of an adapter, None for the name "". Raises ModelError if there is none."""
    if not name:
        return None
    for path in (adapters_folder() / f"{name}.gguf", Path(os.path.expanduser(name))):
        if os.path.isfile(path):  # Path.is_file raises where a folder is closed to us
            return path
    raise ModelError(
        f"there is no adapter {name!r}: it is neither a file nor a name in {adapters_folder()}. "
        "Set KVASIR_ADAPTER, or run: python models list"
    )
