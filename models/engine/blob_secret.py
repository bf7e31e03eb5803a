"""The 32 random bytes by which this user's blobs are told from all others.

It does not know what is signed with them.
"""

import os
import secrets
from pathlib import Path

LENGTH = 32


def blob_secret(path: Path) -> bytes:
    """The secret in this file, made at the first call: processes that race get the same one.

    Raises OSError where the file can neither be read nor made.
    """
    found = _read(path)
    if found is None or len(found) != LENGTH:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make(path, replace=found is not None)
        found = path.read_bytes()
    return found


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _make(path: Path, *, replace: bool) -> None:
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(LENGTH))
            file.flush()
            os.fsync(file.fileno())  # lost, it would take every blob with it
        if replace:  # a secret of the wrong length is a damaged one
            os.replace(draft, path)
        else:
            _put_unless_there(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _put_unless_there(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)  # unlike a rename, it leaves what another process put there first
    except FileExistsError:
        pass
    except OSError:  # a file system without hard links, such as a memory card's
        os.replace(draft, path)
