"""Watching a job from a page: draw, wait for a change, draw again, until it has ended."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.job import Job

BREATH_S = 0.05  # between two drawings: faster than that nobody reads
PATIENCE_S = 0.25  # drawn again even if nothing changed: Stop and clicks act only when drawing


def watch(job: Job, draw: Callable[[], object]) -> None:
    """Draw while the job runs, and once when it has ended; a bug in the job is raised here."""
    seen = -1
    while True:
        finished = job.finished
        draw()
        if finished:
            break
        seen = job.wait(seen, PATIENCE_S)
        time.sleep(BREATH_S)
    job.check()
