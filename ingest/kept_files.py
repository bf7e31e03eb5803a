"""The files given in the chat whose pages can be shown: they have no other place to be shown from.

They lie in the library's folder under the hash of their bytes, so that no name that somebody gave
becomes a path, and go with the last document that they are of. The library is whole without them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import LibraryError
from ingest.sidecar import write_atomically

if TYPE_CHECKING:
    from ingest.library import Library

FOLDER = "files"
SHOWN = {"pdf"}
"""The formats whose pages can be shown as they are."""


def kept_file(folder: Path, content_hash: str) -> Path:
    """Where a file of this hash lies in a library's folder, if it was kept."""
    return folder / FOLDER / content_hash


def keep_file(library: Library, content_hash: str, data: bytes) -> None:
    """Keep a file's bytes; the caller is `writing`. Raises LibraryError where there is no room."""
    path = kept_file(library.folder, content_hash)
    if path.exists():
        return
    try:
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, lambda draft: draft.write_bytes(data))
    except OSError as error:
        raise LibraryError(f"{path.parent} cannot be written: {error.strerror}") from error


def drop_files(library: Library) -> None:
    """Remove the files that no document is of any more; the caller is `writing`."""
    folder = library.folder / FOLDER
    if not folder.is_dir():
        return
    wanted = library.store.hashes("upload")
    try:
        for path in folder.iterdir():
            if path.name not in wanted:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise LibraryError(f"{folder} cannot be emptied: {error.strerror}") from error
