"""How long a worker is waited for: until it has been silent for too long, or at it for too long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any


class Patience:
    """Ends a worker, by calling `end` from another thread, when its time is up.

    Used as a context manager around the work. `reason` says afterwards why it was ended, "" where
    it was not.
    """

    def __init__(self, end: Callable[[], None], silence_s: float, in_all_s: float) -> None:
        self._end = end
        self._silence_s = silence_s
        self._in_all_s = in_all_s
        self._changed = threading.Condition()
        self._over = False
        self._started = self._heard = time.monotonic()
        self._done = self._total = 0
        self.reason = ""

    def heard(self, done: int, total: int) -> None:
        """The worker said how many pages it has done, of how many."""
        with self._changed:
            self._heard = time.monotonic()
            self._done, self._total = done, total

    def __enter__(self) -> Patience:
        threading.Thread(target=self._watch, name="kvasir-patience", daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _watch(self) -> None:
        with self._changed:
            while not self._over:
                now = time.monotonic()
                silence = self._heard + self._silence_s - now
                rest = self._started + self._in_all_s - now
                if min(silence, rest) <= 0:
                    self.reason = self._why(self._silence_s if silence <= 0 else self._in_all_s)
                    self._end()
                    return
                self._changed.wait(min(silence, rest))

    def _why(self, seconds: float) -> str:
        where = f" at page {self._done + 1}" if self._total > 1 else ""
        time_s = f"{seconds / 3600:g} h" if seconds >= 3600 else f"{seconds:g} s"
        return f"gave up after {time_s}{where}"
