"""How far a training is, and whether it is to stop."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass(frozen=True)
class Progress:
    """After a step. `held` is the loss, and `exact` the share of answers that would be written
    word for word, on what is held back, as last looked at; None before.
    """

    step: int
    steps: int
    loss: float
    held: float | None
    exact: float | None
    tokens_per_s: float
    left_s: float

    def line(self) -> str:
        """All of it in one line."""
        parts = [f"step {self.step:,} of {self.steps:,}", f"loss {self.loss:.3f}"]
        if self.held is not None and self.exact is not None:
            parts.append(f"held back {self.held:.3f} ({self.exact:.0%} word for word)")
        parts += [f"{self.tokens_per_s:,.0f} tokens/s", f"{_time(self.left_s)} left"]
        return "  ".join(parts)


OnProgress = Callable[[Progress], None]


def _time(seconds: float) -> str:
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


@contextmanager
def interrupted() -> Iterator[threading.Event]:
    """Set by Ctrl-C, which then ends nothing by itself; a second one does.

    In other threads than the main one Ctrl-C is not heard, and it is never set.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.getsignal(signal.SIGINT)

    def note(_number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    signal.signal(signal.SIGINT, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
