"""The files under some paths, as a sync sees them. It does not know the library or parsers."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ingest.report import Failure


@dataclass
class Listing:
    """The files found, by path, and what could not be looked into.

    `passed_over` counts what was left out on purpose, by reason.
    """

    files: list[Path] = field(default_factory=list)
    unreadable: list[Failure] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)


def absolute(path: str | Path) -> Path:
    """A path as the library names it: "~" expanded, absolute, links on the way resolved."""
    return Path(path).expanduser().resolve()


def is_under(source: str, top: Path) -> bool:
    """Whether a source is that path or lies below it."""
    return source == str(top) or source.startswith(os.path.join(str(top), ""))


def list_files(tops: Iterable[Path], *, passing_over: Path) -> Listing:
    """Every file under the paths, once, by path.

    Hidden files and folders, office programs' lock files and the folder `passing_over` are
    passed over; links to folders are not followed, so there are no loops. A path that is gone
    holds nothing.
    """
    listing = Listing()
    found: set[Path] = set()
    for top in tops:
        found.update([top] if top.is_file() else _walk(top, passing_over, listing))
    for path in sorted(found):
        try:
            str(path).encode("utf-8")
        except UnicodeEncodeError:
            name = os.fsencode(path).decode("utf-8", "backslashreplace")
            listing.unreadable.append(Failure(name, "its name is not valid text: rename it"))
        else:
            listing.files.append(path)
    return listing


def size_of(path: Path) -> int:
    """A file's bytes; 0 for one that is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def hash_file(path: Path) -> str:
    """The BLAKE2b hash of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=32)).hexdigest()


def hash_bytes(data: bytes) -> str:
    """The same hash of bytes at hand."""
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def _walk(top: Path, passing_over: Path, listing: Listing) -> Iterator[Path]:
    def note(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            reason = f"cannot be looked into: {error.strerror}"
            listing.unreadable.append(Failure(str(error.filename), reason))

    for folder, folders, files in os.walk(top, onerror=note):
        here = Path(folder)
        folders[:] = [name for name in folders if _is_wanted(here / name, passing_over)]
        yield from (
            here / name
            for name in files
            if _is_wanted(here / name, passing_over) and (here / name).is_file()
        )


def _is_wanted(path: Path, passing_over: Path) -> bool:
    return not path.name.startswith((".", "~$")) and path != passing_over
