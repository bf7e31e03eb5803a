"""The gate before the model: answers pass it together, a change of the model alone.

It knows neither answers nor models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition

PATIENCE_S = 0.25


def _nothing() -> None:
    """What is done while waiting where nobody wants to know of it."""


class Gate:
    """Whoever comes while a change waits for those inside comes after it: it never starves."""

    def __init__(self) -> None:
        self._condition = Condition()
        self._inside = 0
        self._shut = False

    @property
    def inside(self) -> int:
        """How many have passed and are at work."""
        return self._inside

    @contextmanager
    def passing(self, waiting: Callable[[], object] = _nothing) -> Iterator[None]:
        """Be inside with others; `waiting` is called now and then before, and may raise."""
        while not self._enter():
            waiting()
        try:
            yield
        finally:
            self._leave()

    @contextmanager
    def alone(self, waiting: Callable[[], object] = _nothing) -> Iterator[None]:
        """Be inside alone; `waiting` is called now and then before, and may raise."""
        while not self._close():
            waiting()
        try:
            while not self._is_empty():
                waiting()
            yield
        finally:
            with self._condition:
                self._shut = False
                self._condition.notify_all()

    def _enter(self) -> bool:
        with self._condition:
            if not self._condition.wait_for(lambda: not self._shut, PATIENCE_S):
                return False
            self._inside += 1
            return True

    def _leave(self) -> None:
        with self._condition:
            self._inside -= 1
            self._condition.notify_all()

    def _close(self) -> bool:
        with self._condition:
            if not self._condition.wait_for(lambda: not self._shut, PATIENCE_S):
                return False
            self._shut = True
            return True

    def _is_empty(self) -> bool:
        with self._condition:
            return self._condition.wait_for(lambda: not self._inside, PATIENCE_S)
