"""When changes have come to rest: a burst of them is taken as one, a file that grows is awaited.

It knows neither the library nor who tells of changes; the time is whatever the caller says.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

QUIET_S = 1.0
"""For so long nothing must have happened to a path."""

LONGEST_S = 10.0
"""After so long, what has settled is taken though other paths go on changing."""

PATIENCE_S = 300.0
"""For so long a path that never comes to rest is awaited: a log file that is always written to."""


@dataclass
class _Change:
    first: float
    last: float
    stamp: object


def stamp_of(path: Path) -> object:
    """What is different when a file has changed, as cheaply as can be; None where it is gone."""
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


class Settling:
    """Paths that have changed, until they have come to rest."""

    def __init__(self, stamp: Callable[[Path], object] = stamp_of) -> None:
        self._stamp = stamp
        self._changes: dict[Path, _Change] = {}
        self._since = 0.0

    def note(self, paths: Iterable[Path], now: float) -> None:
        """Some paths have changed just now."""
        for path in paths:
            if not self._changes:
                self._since = now
            known = self._changes.get(path)
            first = now if known is None else known.first
            self._changes[path] = _Change(first, now, self._stamp(path))

    def take(self, now: float) -> set[Path]:
        """The paths of a burst that is over, which are then forgotten; none while it lasts.

        A folder has not settled while something in it has not.
        """
        restless = set()
        for path, change in self._changes.items():
            stamp = self._stamp(path)
            if stamp != change.stamp:
                change.last, change.stamp = now, stamp
            if now - change.last < QUIET_S and now - change.first < PATIENCE_S:
                restless.add(path)
        if restless and now - self._since < LONGEST_S:
            return set()
        restless |= {folder for path in restless for folder in path.parents}
        settled = self._changes.keys() - restless
        self._changes = {p: change for p, change in self._changes.items() if p in restless}
        self._since = now
        return settled
