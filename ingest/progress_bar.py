"""A sync's progress as a bar on standard error, where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.progress import Progress, Report, silent


@contextmanager
def progress_bar(*, shown: bool) -> Iterator[Report]:
    """A callback for a sync or a rebuild; it says at least when it has to wait for another."""
    from tqdm import tqdm

    def waiting_line(progress: Progress) -> None:
        if progress.phase == "waiting":
            sys.stderr.write("waiting: another process is writing to this library\n")

    if not (shown and sys.stderr.isatty()):
        yield waiting_line if shown else silent
        return
    with tqdm(unit="file", dynamic_ncols=True, leave=False) as bar:

        def show(progress: Progress) -> None:
            bar.total = progress.total
            bar.n = progress.files
            detail = Path(progress.source).name
            if progress.phase == "embedding":
                detail += f" {progress.embedded}/{progress.chunks} chunks"
            bar.set_postfix_str(
                "another process is writing: waiting" if progress.phase == "waiting" else detail
            )

        yield show
