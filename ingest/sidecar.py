"""The small JSON file beside a derived index: which state of which library it stands for.

It does not know what the index is.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Sidecar:
    """`library` and `seq` name a state of the database; `build` is everything else that must match.

    `files` holds the checksums of the files that the index is made of, by their names.
    """

    library: str
    seq: int
    build: str
    count: int
    files: dict[str, int]

    @classmethod
    def read(cls, path: Path) -> Sidecar | None:
        """The sidecar at a path; None where there is none that can be understood."""
        try:
            found = json.loads(path.read_text("utf-8"))
            kinds = {"library": str, "seq": int, "build": str, "count": int, "files": dict}
            if not all(type(found.get(name)) is kind for name, kind in kinds.items()):
                return None
            if not all(type(checksum) is int for checksum in found["files"].values()):
                return None
            return cls(**{name: found[name] for name in kinds})
        except (OSError, ValueError, AttributeError):
            return None

    def fits(self, path: Path) -> bool:
        """Whether a file is still what it was when this was written."""
        return self.files.get(path.name) == checksum_of_file(path)

    def write(self, path: Path) -> None:
        """Put this in the place of what is at the path, whole or not at all."""
        text = json.dumps(asdict(self), indent=1)
        write_atomically(path, lambda file: file.write_text(text, "utf-8"))


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Have a file written beside `path`, push it to the disk, and move it into its place."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(draft)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def remove_drafts(*paths: Path) -> None:
    """Remove what killed processes left beside these files; nobody may be writing them."""
    for path in paths:
        for draft in path.parent.glob(f".{path.name}.*"):
            draft.unlink(missing_ok=True)


def checksum_of_file(path: Path, before: int = 0) -> int:
    """The CRC-32 of a file, going on from the one of what came before it."""
    with path.open("rb") as file:
        while piece := file.read(1 << 22):
            before = zlib.crc32(piece, before)
    return before
