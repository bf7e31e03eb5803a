"""The files under some paths, as a sync sees them. It does not know the library or parsers."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ingest.errors import LibraryError
from ingest.report import Failure
from ingest.walk import Walk
from models.errors import first_line


@dataclass
class Listing:
    """The files found, by path, and what could not be looked into.

    `passed_over` counts what was left out on purpose, by reason; a folder counts as one.
    """

    files: list[Path] = field(default_factory=list)
    unreadable: list[Failure] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)


def absolute(path: str | Path) -> Path:
    """A path as the library names it: "~" expanded, absolute, links on the way resolved.

    On a disk that takes several spellings for one name, it is the disk's own spelling.
    """
    try:
        resolved = Path(path).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:  # no such home, links in a circle, a NUL
        raise LibraryError(f"{path} is no path: {first_line(error)}") from error
    found = Path(resolved.anchor)
    for name in resolved.parts[1:]:
        found /= _name_on_disk(found, name)
    return found


def is_under(source: str, top: Path) -> bool:
    """Whether a source is that path or lies below it."""
    return source == str(top) or source.startswith(os.path.join(str(top), ""))


def under_any(tops: Iterable[Path]) -> Callable[[str], bool]:
    """Whether a source is one of many paths or lies below one, at the cost of its depth."""
    wanted = {str(top) for top in tops}

    def is_wanted(source: str) -> bool:
        while source not in wanted:
            above = os.path.dirname(source)
            if above == source:
                return False
            source = above
        return True

    return is_wanted


def list_files(
    tops: Iterable[Path], *, passing_over: Path, only: Collection[Path] | None = None
) -> Listing:
    """Every file under the paths, once, by path.

    Passed over, and counted: what is hidden or temporary by its name, what a .kvasirignore at or
    below the path given leaves out, links to folders (so there are no loops) and to nothing,
    devices, pipes and sockets; and the folder `passing_over`, which is not counted. A path that
    is given is taken whatever its name. A path that is gone holds nothing. With `only`, nothing
    is looked at but those paths and what is under them.
    """
    walk = Walk(str(passing_over), only)
    for top in tops:
        walk.take(str(top))
    listing = Listing(unreadable=[Failure(_shown(s), why) for s, why in walk.unreadable.items()])
    for path in sorted(walk.files, key=lambda path: path.replace(os.sep, "\0")):
        if _shown(path) == path:
            listing.files.append(Path(path))
        else:
            reason = "its name is not valid text: rename it"
            listing.unreadable.append(Failure(_shown(path), reason))
    passed = {path: why for path, why in walk.passed_over.items() if not walk.has_taken(path)}
    listing.passed_over.update(passed.values())
    return listing


def size_of(path: Path) -> int:
    """A file's bytes; 0 for one that is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def hash_file(path: Path) -> str:
    """The BLAKE2b hash of a file's bytes, in hexadecimal.

    Raises OSError also for what is no regular file, which is not waited for, and for one that is
    larger than KVASIR_MAX_FILE_MB.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        check_size(facts.st_size)
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=32)).hexdigest()


def check_size(size: int) -> None:
    """Raise OSError for a file of so many bytes if it is larger than is read."""
    from models.settings import get_settings  # parsers' processes have no use for it

    most = get_settings().max_file_mb
    if size > most * 1_000_000:
        raise OSError(
            errno.EFBIG,
            f"it has {size:,} bytes, KVASIR_MAX_FILE_MB allows {most:,} million. "
            "Raise that, or name the file in a .kvasirignore",
        )


def hash_bytes(data: bytes) -> str:
    """The same hash of bytes at hand."""
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def _shown(path: str) -> str:
    """A path as text: bytes that are none are written in hexadecimal."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _name_on_disk(folder: Path, name: str) -> str:
    """A name as its folder lists it, where the disk ignores case or how accents are written."""
    others = {name.swapcase(), *(unicodedata.normalize(form, name) for form in ("NFC", "NFD"))}
    if not any(_is_same(folder / name, folder / other) for other in others - {name}):
        return name
    try:
        listed = os.listdir(folder)
    except OSError:
        return name
    alike = (other for other in listed if _folded(other) == _folded(name))
    same = [other for other in alike if _is_same(folder / name, folder / other)]
    return name if name in same or not same else same[0]


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _is_same(one: Path, other: Path) -> bool:
    try:
        return os.path.samestat(os.lstat(one), os.lstat(other))
    except (OSError, ValueError):
        return False
