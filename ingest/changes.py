"""Which paths change under folders, as the operating system tells it. It does not judge them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

POLL_MS = 5000
"""How long to wait between two looks where the system tells nothing."""

STEP_MS, GROUP_MS = 200, 1000
"""How long to wait for more changes, and how long at most, before they are passed on."""


@dataclass(frozen=True)
class Change:
    """A path to which something happened; `modified` where it was there before and is still."""

    path: Path
    modified: bool


class Changes:
    """The changes under folders, subfolders included, from when it is made until it is closed.

    Raises OSError where the folders cannot be watched: there are more of them than the system
    watches, or one is gone (FileNotFoundError). With `polling`, the folders are looked through
    now and then instead.
    """

    def __init__(
        self, folders: Sequence[Path], *, wanted: Callable[[str], bool], polling: bool = False
    ) -> None:
        self._folders = folders
        self._wanted = wanted
        self._polling = polling
        self._stop = threading.Event()
        self._told: queue.SimpleQueue[set[Change] | OSError] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="kvasir-watch", daemon=True)
        if folders:
            self._thread.start()
            first = self._told.get()  # comes as soon as the watch is on
            if isinstance(first, OSError):
                raise first
            self._told.put(first)

    def take(self) -> set[Change]:
        """What has changed since it was last asked. Raises OSError where the watch has broken."""
        taken: set[Change] = set()
        while True:
            try:
                told = self._told.get_nowait()
            except queue.Empty:
                return taken
            if not isinstance(told, OSError):
                taken |= told
            elif taken:
                self._told.put(told)  # for the next time
                return taken
            else:
                raise told

    def close(self) -> None:
        """Stop watching; closing twice is harmless."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2)

    def __enter__(self) -> Changes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self) -> None:
        from watchfiles import Change as Kind
        from watchfiles import watch

        try:
            for changes in watch(
                *self._folders,
                watch_filter=lambda _, path: self._wanted(path),
                debounce=GROUP_MS,
                step=STEP_MS,
                rust_timeout=STEP_MS,
                yield_on_timeout=True,  # the first one says that the watch is on
                stop_event=self._stop,
                raise_interrupt=False,
                force_polling=True if self._polling else None,
                poll_delay_ms=POLL_MS,
                ignore_permission_denied=True,
            ):
                self._told.put({Change(Path(p), kind is Kind.modified) for kind, p in changes})
        except OSError as error:
            self._told.put(error)
        except RuntimeError as error:  # watchfiles' own
            self._told.put(OSError(str(error)))
        finally:  # whatever ended it, whoever asks must not wait for ever
            self._told.put(OSError("it ended"))
