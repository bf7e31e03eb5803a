"""A progress bar on standard error, where that is a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.progress import Progress, Report, silent

if TYPE_CHECKING:
    from tqdm import tqdm

WAITING = "another process is writing to this library"
FORMAT = "{percentage:3.0f}%|{bar}| {desc} [{elapsed}, {remaining} left]"


@contextmanager
def progress_bar(*, shown: bool) -> Iterator[Report]:
    """A callback for syncs or a rebuild; it says at least when it has to wait for another.

    The bar goes when a sync is done, and another comes with the next.
    """
    if not (shown and sys.stderr.isatty()):
        yield _waiting_line if shown else silent
        return
    bar = _Bar()
    try:
        yield bar.show
    finally:
        bar.close()


def _waiting_line(progress: Progress) -> None:
    if progress.phase == "waiting":
        sys.stderr.write(f"waiting: {WAITING}\n")


class _Bar:
    """Files and chunks done, chunks a second, and how long it will take at this pace."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._pace = Pace()

    def show(self, progress: Progress) -> None:
        from tqdm import tqdm

        if progress.phase == "done":
            self.close()
            return
        bar = self._bar
        if bar is None:
            self._pace = Pace()
            bar = tqdm(bar_format=FORMAT, dynamic_ncols=True, leave=False, miniters=0)
            self._bar = bar
        bar.total = progress.total
        bar.set_description_str(self._pace.describe(progress, time.monotonic()), refresh=False)
        embedding = progress.phase == "embedding" and progress.chunks
        share = progress.embedded / progress.chunks if embedding else 0.0
        bar.update(max(0.0, progress.files + share - bar.n))
        if progress.phase != "reading":  # that goes by quickly, the others may last
            bar.refresh()

    def close(self) -> None:
        bar, self._bar = self._bar, None
        if bar is not None:
            bar.close()


class Pace:
    """The chunks of a run, counted over its files, and how many are done in a second."""

    def __init__(self) -> None:
        self._source = ""
        self._of_source = 0
        self._before = 0
        self._started: float | None = None

    def describe(self, progress: Progress, now: float) -> str:
        """One moment in a line, without how long it takes."""
        if progress.phase == "waiting":
            return f"waiting: {WAITING}"
        if progress.phase == "embedding":
            self._count(progress, now)
        parts = [f"{progress.files:,}/{progress.total:,} files"]
        chunks = self._before + self._of_source
        if chunks and self._started is not None:
            parts.append(f"{chunks:,} chunk" if chunks == 1 else f"{chunks:,} chunks")
            if now > self._started:
                parts.append(f"{chunks / (now - self._started):,.1f} chunks/s")
        if progress.phase == "indexing":
            share = f" {progress.embedded / progress.chunks:.0%}" if progress.chunks else ""
            parts.append(f"indexing{share}")
        elif progress.pages > 1:
            page = min(progress.read + 1, progress.pages)
            name = Path(progress.source).name
            parts.append(f"reading {name}, page {page:,} of {progress.pages:,}")
        else:
            parts.append(Path(progress.source).name)
        return ", ".join(part for part in parts if part)

    def _count(self, progress: Progress, now: float) -> None:
        if self._started is None:
            self._started = now
        if progress.source != self._source or progress.embedded < self._of_source:
            self._before += self._of_source
            self._source = progress.source
        self._of_source = progress.embedded
