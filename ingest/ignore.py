"""What of a folder is left out on purpose: by its name, and by .kvasirignore files.

It knows names and patterns; `ingest.files` looks at the disk.
"""

from __future__ import annotations

import os
import re
import stat
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import LibraryError

if TYPE_CHECKING:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

NAME = ".kvasirignore"
MOST_BYTES = 1 << 20
"""A larger .kvasirignore is a mistake, and would make every sync slow."""

TEMPORARY = {
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "__macosx",
    "$recycle.bin",
    "system volume information",
    "lost+found",
}
TEMPORARY_STARTS = ("~$", ".~lock.")
TEMPORARY_ENDS = (".tmp", ".part", ".partial", ".crdownload", ".download", ".swp", ".swo", "~")


def passed_over_by_name(name: str) -> str:
    """Why a file or folder of that name is never looked at: temporary or hidden; else ""."""
    plain = name.casefold()
    if (
        plain in TEMPORARY
        or plain.startswith(TEMPORARY_STARTS)
        or plain.endswith(TEMPORARY_ENDS)
        or (plain.startswith("#") and plain.endswith("#"))
    ):
        return "temporary"
    return "hidden" if plain.startswith(".") else ""


@dataclass(frozen=True)
class Rules:
    """The .kvasirignore files that hold in a folder: its own, and those `above` it."""

    folder: str
    patterns: Sequence[GitIgnoreSpecPattern]
    above: Rules | None

    def ignore(self, path: str, is_folder: bool) -> bool:
        """Whether a path below the folder is ignored; whether one above it is, is not asked."""
        rules: Rules | None = self
        while rules is not None:
            relative = path[len(os.path.join(rules.folder, "")) :].replace(os.sep, "/")
            for pattern in reversed(rules.patterns):
                if _is_meant(pattern, relative, is_folder):
                    return bool(pattern.include)
            rules = rules.above
        return False


def rules_in(folder: str, above: Rules | None) -> Rules | None:
    """The rules that hold in a folder; those above it where it has none of its own.

    Raises LibraryError for a .kvasirignore that cannot be read or is not valid: what it is to
    keep out is not known then.
    """
    lines = _lines(Path(folder, NAME))
    patterns = [_pattern(line, number) for number, line in enumerate(lines, 1)]
    meant = [pattern for pattern in patterns if pattern.include is not None]  # not blank
    return Rules(folder, meant, above) if meant else above


def _lines(path: Path) -> list[str]:
    """The lines of a file; none where there is no such file."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > MOST_BYTES:
            raise LibraryError(f"its {NAME} is no text file of at most {MOST_BYTES >> 20} MiB")
        text = path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError) as error:
        if path.is_symlink():
            raise LibraryError(f"its {NAME} is a link to nothing") from error
        return []
    except OSError as error:
        raise LibraryError(f"its {NAME} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LibraryError(f"its {NAME} is not valid UTF-8 text") from error
    if "\0" in text:
        raise LibraryError(f"its {NAME} is not valid text")
    return [line.removesuffix("\r") for line in text.split("\n")]


def _pattern(line: str, number: int) -> GitIgnoreSpecPattern:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    if line.rstrip().endswith("/**/"):  # the folders in a folder; pathspec takes it for that one
        line = line.rstrip() + "*/"
    try:
        with warnings.catch_warnings():  # of what a bracket may mean in Python some day
            warnings.simplefilter("ignore", FutureWarning)
            return GitIgnoreSpecPattern(line)
    except (ValueError, re.error) as error:
        raise LibraryError(f"its {NAME} has no pattern in line {number}: {line!r}") from error


def _is_meant(pattern: GitIgnoreSpecPattern, relative: str, is_folder: bool) -> bool:
    """Whether a pattern is of this very path, as git asks it of each level on the way down.

    pathspec's patterns also match everything below a folder that they match; their one group is
    the slash behind that folder's name.
    """
    if pattern.regex is None:
        return False
    if is_folder:
        slashed = relative + "/"
        ends = (m.end() for m in pattern.regex.finditer(slashed) if m.lastindex is not None)
        if len(slashed) in ends:
            return True
    match = pattern.regex.search(relative)
    return match is not None and match.lastindex is None
