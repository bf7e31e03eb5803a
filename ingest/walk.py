"""A walk through folders: which files are wanted, and why the rest is not."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection
from pathlib import Path

from ingest.errors import LibraryError
from ingest.ignore import NAME, Rules, passed_over_by_name, rules_in

GONE = (FileNotFoundError, NotADirectoryError)


class Walk:
    """Gathers what lies under paths; each path once, however often it is come by.

    `files` are the paths of files, `passed_over` and `unreadable` give the reason by path.
    """

    def __init__(self, library: str, only: Collection[Path] | None = None) -> None:
        """The folder `library` is passed over; with `only`, all but those and what is in them."""
        self.files: set[str] = set()
        self.passed_over: dict[str, str] = {}
        self.unreadable: dict[str, str] = {}
        self._library = library
        self._taken: set[str] = set()
        self._only = None if only is None else {str(path) for path in only}
        self._on_the_way = {str(parent) for path in only or () for parent in path.parents}

    def take(self, top: str) -> None:
        """Gather what is at a path that was given, and under it; nothing where it is gone."""
        self._taken.add(top)
        wanted = self._wants(
            top, inside=any(str(p) in (self._only or ()) for p in Path(top).parents)
        )
        try:
            mode = os.stat(top).st_mode
        except GONE:
            return
        except OSError as error:
            self._cannot(top, error)
            return
        if stat.S_ISDIR(mode):
            if top == self._library:
                self.unreadable[top] = "it is the library itself: keep documents elsewhere"
            elif wanted or top in self._on_the_way:
                self._folders(top, wanted)
        elif wanted and stat.S_ISREG(mode):
            self.files.add(top)
        elif wanted:
            self.unreadable[top] = "it is a device, a pipe or a socket"

    def has_taken(self, path: str) -> bool:
        """Whether a path is among those gathered, or was given."""
        return path in self.files or path in self._taken

    def _folders(self, top: str, inside: bool) -> None:
        ahead: list[tuple[str, Rules | None, bool]] = [(top, None, inside)]
        while ahead:
            folder, above, inside = ahead.pop()
            try:
                with os.scandir(folder) as scanned:
                    entries = list(scanned)
                rules = rules_in(folder, above)
            except GONE:
                continue
            except OSError as error:
                self._cannot(folder, error)
                continue
            except LibraryError as error:
                self.unreadable[folder] = str(error)
                continue
            for entry in entries:
                wanted = self._wants(entry.path, inside)
                if (wanted or entry.path in self._on_the_way) and self._enters(
                    entry, rules, wanted
                ):
                    ahead.append((entry.path, rules, wanted))

    def _enters(self, entry: os.DirEntry[str], rules: Rules | None, wanted: bool) -> bool:
        """Put an entry where it belongs; True for a folder that is to be walked."""
        if entry.name == NAME or entry.path == self._library:
            return False
        is_folder = entry.is_dir(follow_symlinks=False)
        reason = passed_over_by_name(entry.name)
        if not reason and rules is not None and rules.ignore(entry.path, is_folder):
            reason = "ignored"
        if not reason and is_folder:
            return True
        try:
            reason = reason or _reason_to_pass(entry)
        except OSError as error:
            self._cannot(entry.path, error)
            return False
        if wanted and reason:
            self.passed_over[entry.path] = reason
        elif wanted:
            self.files.add(entry.path)
        return False

    def _wants(self, path: str, inside: bool) -> bool:
        return inside or self._only is None or path in self._only

    def _cannot(self, path: str, error: OSError) -> None:
        self.unreadable[path] = f"cannot be looked into: {error.strerror}"


def _reason_to_pass(entry: os.DirEntry[str]) -> str:
    """Why what is no folder is not to be read; "" for a file, or a link to one."""
    if not entry.is_symlink():
        return "" if entry.is_file() else "special"
    try:
        mode = entry.stat().st_mode
    except GONE:
        return "dangling"
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "dangling"
        raise
    if stat.S_ISDIR(mode):
        return "linked"
    return "" if stat.S_ISREG(mode) else "special"
