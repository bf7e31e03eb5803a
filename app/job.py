"""Work that goes on in a thread of its own while pages come and go, and can be watched and stopped.

It knows neither Streamlit nor what the work is. A page that is left, or drawn again because of a
click, does not disturb the work: the next run of the page goes on watching.
"""

from __future__ import annotations

from contextlib import ExitStack
from threading import Condition, Thread
from types import TracebackType


class Stopped(BaseException):
    """Ends the work from inside. No Exception, so that no library on the way takes it for one."""


class Job:
    """One piece of work, done by `work` in a subclass, in a daemon thread."""

    def __init__(self) -> None:
        self._condition = Condition()
        self._version = 0
        self._stopping = False
        self._finished = False
        self._bug: BaseException | None = None

    def start(self) -> None:
        """Begin the work; to be called once."""
        Thread(target=self._run, name=type(self).__name__, daemon=True).start()

    def stop(self) -> None:
        """Ask the work to end at its next step; harmless when it has ended."""
        self._stopping = True

    @property
    def finished(self) -> bool:
        """Whether the work has ended, by itself or stopped."""
        return self._finished

    def wait(self, seen: int, timeout_s: float) -> int:
        """Wait until something has changed since version `seen`; gives the version of now."""
        with self._condition:
            self._condition.wait_for(lambda: self._version != seen, timeout_s)
            return self._version

    def check(self) -> None:
        """Raise in the page's thread what went wrong in the work's and is nobody's fault but ours.

        Such a bug keeps its traceback. It is raised once: the page can be used again after it.
        """
        bug, self._bug = self._bug, None
        if bug is not None:
            raise bug

    def work(self) -> None:
        """What is to be done, step by step with `step` between; to be written in a subclass."""
        raise NotImplementedError

    def step(self) -> None:
        """Tell whoever watches that something changed; ends the work if it was stopped."""
        self._changed()
        if self._stopping:
            raise Stopped

    def ended(self) -> None:
        """Called at the end, however it came about; a subclass tidies up its state here."""

    def _run(self) -> None:
        with ExitStack() as stack:
            stack.push(self._end)
            self.work()

    def _end(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if error is not None and not isinstance(error, Stopped):
            self._bug = error
        self.ended()
        self._finished = True
        self._changed()
        return True

    def _changed(self) -> None:
        with self._condition:
            self._version += 1
            self._condition.notify_all()
