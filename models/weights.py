"""Names to model files: bundled names, paths, and GGUF files on the hub.

It knows names and files, not what is done with them.
"""

import os
from collections.abc import Callable
from pathlib import Path

from models.bundled import CHAT_MODEL, bundled_chat_model
from models.errors import ModelError, first_line

BUNDLED: dict[str, Callable[[], Path]] = {CHAT_MODEL: bundled_chat_model}
SUFFIX = ".gguf"


def is_provider(name: str) -> bool:
    """Whether the name is `provider:model` for LangChain rather than a file for llama.cpp."""
    return ":" in name and not name.lower().endswith(SUFFIX) and name not in BUNDLED


def is_on_hub(name: str) -> bool:
    """Whether the name is `owner/repository:file.gguf`, fetched at first use, and no file here."""
    path = Path(os.path.expanduser(name))
    hub = name.lower().endswith(SUFFIX) and ":" in name and not path.is_absolute()
    return hub and not os.path.isfile(path)


def find_weights(name: str) -> Path:
    """The GGUF file for a bundled name, a path, or `owner/repository:file.gguf` on the hub.

    Only the last form connects to anything, and only if the file is not in the hub's cache.
    Raises ModelError naming what can be used instead.
    """
    if name in BUNDLED:
        return BUNDLED[name]()
    path = Path(os.path.expanduser(name))
    if os.path.isfile(path):  # Path.is_file raises where a folder is closed to us
        return path
    if is_on_hub(name):
        return _download(*name.rsplit(":", 1))
    raise ModelError(
        f"there is no model {name}: it is neither a file nor a bundled name "
        f"({', '.join(BUNDLED)}). Set KVASIR_MODEL, or run: python models list"
    )


def _download(repository: str, file: str) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(repository, file))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        raise ModelError(
            f"{file} of {repository} cannot be had from the hub: {first_line(error)}"
        ) from error
