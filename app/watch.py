"""Watching a job from a page: draw, wait for a change, draw again, until it has ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from app.job import Job

BREATH_S = 0.05  # between two drawings: faster than that nobody reads
PATIENCE_S = 0.25  # drawn again even if nothing changed: Stop and clicks act only when drawing


def watch(job: Job, draw: Callable[[], object]) -> None:
    """Draw while the job runs, and once when it has ended; a bug in the job is raised here."""
    watch_all([(job, draw)])


def watch_all(watched: Sequence[tuple[Job, Callable[[], object]]]) -> None:
    """Watch several jobs, each until it has ended."""
    running = list(watched)
    seen = -1
    while running:
        first = running[0][0]
        going_on = []
        for job, draw in running:
            finished = job.finished
            draw()
            if not finished:
                going_on.append((job, draw))
        running = going_on
        if running:
            seen = first.wait(seen if running[0][0] is first else -1, PATIENCE_S)
            time.sleep(BREATH_S)
    for job, _ in watched:
        job.check()
