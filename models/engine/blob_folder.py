"""The folder of blob files: which there are, and which go when the budget is used up.

Other processes and other users write to it at the same time. `read`, `draft`, `place` and
`clear` raise OSError. It knows nothing of memory or threads.
"""

import errno
import os
import secrets
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from models.engine.blob_file import DRAFT, NAME, Seal, Span

ABANDONED_S = 3600  # a draft so old was left behind by a process that was killed
STALE_S = 60  # a draft that has not grown for so long goes when room is needed
TOUCH_S = 60  # between two marks of a blob's use
# Two changes within one tick of a file system's clock leave the folder with one time: a listing
# made so soon after a change is not relied on. A coarser clock costs a missed blob, no more.
TICK_S = 0.1


@dataclass(frozen=True)
class _Index:
    """Our blobs in the folder: their files' names, and their ends by start."""

    names: frozenset[str]
    ends: dict[int, list[int]]


_NOTHING = _Index(frozenset(), {})


@dataclass(frozen=True)
class _Stored:
    name: str
    size: int
    changed_ns: int
    draft: bool

    def age(self, now: float) -> float:
        """Seconds since the last use; a time to come is as good as none."""
        age = now - self.changed_ns / 1e9
        return age if age > -STALE_S else now


class BlobFolder:
    """The blob files in a folder, `budget` bytes at most, written and read with one seal."""

    def __init__(self, path: Path, budget: int, seal: Seal) -> None:
        self.path = path
        self.budget = budget
        self._seal = seal
        self._listing = (-1, 0.0, _NOTHING)  # the folder's time, ours, what it had

    def name(self, span: Span) -> str:
        """The name of a span's file, as `index` has it."""
        return self._seal.name(span)

    def size(self, payload: int) -> int:
        """What so many bytes of payload take of the budget."""
        return self._seal.size(payload)

    def __contains__(self, span: Span) -> bool:
        return self.name(span) in self._index().names

    def index(self, start: int) -> tuple[frozenset[str], list[int]]:
        """The names of our blobs now, and the ends of those with this start."""
        index = self._index()
        return index.names, index.ends.get(start, [])

    def _index(self) -> _Index:
        """What is in the folder; it is listed again only after it has changed."""
        try:
            changed = self.path.stat().st_mtime_ns
            listed, at, index = self._listing
            if changed == listed and at - changed / 1e9 > TICK_S:
                return index
            at = time.time()
            index = self._indexed(os.listdir(self.path))
        except OSError:  # no folder, no blobs: the next write says why
            changed, at, index = -1, 0.0, _NOTHING
        self._listing = (changed, at, index)
        return index

    def _indexed(self, files: list[str]) -> _Index:
        names: set[str] = set()
        ends: dict[int, set[int]] = {}
        for file in files:
            parts = NAME.fullmatch(file)
            if parts and parts[1] == self._seal.owner and int(parts[2]) < int(parts[3]):
                names.add(file)
                ends.setdefault(int(parts[2]), set()).add(int(parts[3]))
        return _Index(frozenset(names), {start: list(ends[start]) for start in ends})

    def read(self, span: Span) -> bytes | None:
        """A blob, proved to be what was written; None if it is missing, or was not and is gone."""
        path = self.path / self.name(span)
        try:
            with open(path, "rb", opener=_open_no_link) as file:
                found = os.fstat(file.fileno())
                # A header may be forged: not a byte is read of more than was ever written.
                data = None
                if found.st_size <= self.budget:
                    data = self._seal.read(file, span, found.st_size)
        except FileNotFoundError:
            return None
        if data is None:
            _remove(path, found.st_mtime_ns)
        elif abs(time.time() - found.st_mtime) > TOUCH_S:
            self.touch(span)
        return data

    def touch(self, span: Span) -> None:
        """Mark a blob as just used, for this process and the others."""
        with suppress(OSError):  # gone, or a read-only disk: the order of use is a bit off
            os.utime(self.path / self.name(span))

    def draft(self, span: Span, data: bytes, goes_on: Callable[[], bool]) -> Path | None:
        """Make room and write a blob under another name; None if `goes_on` said no in between.

        Nothing is pushed to the disk: a file torn by a power failure is not proved when it is
        read, and computed again.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        name, size = self.name(span), self.size(len(data))
        self._make_room(name, size, self.budget)
        try:
            return self._write(name, span, data, goes_on)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
        # The disk is full before the budget is: then the other blobs are all the room there is.
        room = sum(file.size for file in self._stored() if file.name != name)
        self._make_room(name, size, room)
        return self._write(name, span, data, goes_on)

    def place(self, draft: Path, span: Span) -> None:
        """Put a draft in its blob's place."""
        try:
            os.replace(draft, self.path / self.name(span))
        finally:
            draft.unlink(missing_ok=True)

    def sizes(self) -> dict[str, int]:
        """The bytes of each of our blobs, by name."""
        ours = self._index().names
        with suppress(OSError):  # no folder, no blobs
            return {file.name: file.size for file in self._stored() if file.name in ours}
        return {}

    def clear(self) -> None:
        """Remove our blobs; other users' stay."""
        for name in self._index().names:
            (self.path / name).unlink(missing_ok=True)

    def _write(
        self, name: str, span: Span, data: bytes, goes_on: Callable[[], bool]
    ) -> Path | None:
        draft = self.path / f"{name}.{secrets.token_hex(8)}"
        written = False
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                complete = self._seal.write(file, span, data, goes_on)
            written = complete  # only now: closing a file can fill the disk, too
        finally:
            if not written:
                draft.unlink(missing_ok=True)
        return draft if written else None

    def _make_room(self, name: str, size: int, limit: int) -> None:
        """Remove what was used least recently, whosever it is, until `size` more bytes fit."""
        if size > limit:  # nothing need go for what will not fit
            raise OSError(errno.ENOSPC, f"{size} bytes do not fit into {limit}")
        now = time.time()
        # What has our own name will be replaced.
        stored = [file for file in self._stored() if file.name != name]
        total = size + sum(file.size for file in stored)
        for file in sorted(stored, key=lambda file: (not file.draft, -file.age(now))):
            if file.draft and file.age(now) < STALE_S:
                continue  # somebody is writing it
            needed = total > limit or (file.draft and file.age(now) > ABANDONED_S)
            if needed and _remove(self.path / file.name, file.changed_ns):
                total -= file.size
        if total > limit:
            raise OSError(errno.ENOSPC, "what other users keep there leaves no room")

    def _stored(self) -> list[_Stored]:
        """Every user's blobs and drafts; other files are not counted and never touched."""
        found = []
        with os.scandir(self.path) as entries:
            for entry in entries:
                draft = bool(DRAFT.fullmatch(entry.name))
                if not draft and not NAME.fullmatch(entry.name):
                    continue
                with suppress(FileNotFoundError):  # another process needed the room
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(status.st_mode):
                        file = _Stored(entry.name, status.st_size, status.st_mtime_ns, draft)
                        found.append(file)
        return found


def _open_no_link(path: str, flags: int) -> int:
    """Open what lies in this folder; neither follow a link out of it nor wait for a pipe."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def _remove(path: Path, changed_ns: int) -> bool:
    """Remove a file; False if another process has used or replaced it, or it is not ours to."""
    try:
        if path.stat(follow_symlinks=False).st_mtime_ns != changed_ns:
            return False
        path.unlink()
    except FileNotFoundError:
        return True
    except PermissionError:
        return False
    return True
