"""Thousands of jobs at once over a cache that is too small for them: each gets what it would get
alone, whatever is cancelled, put aside, aborted or lost meanwhile.
"""

import random

import pytest
from played_scheduler import Played
from random_jobs import RandomJob, RandomJobs

from models.engine import scheduler, stream
from models.engine.stream import Job
from models.errors import ModelError

JOBS = 150


class Soak:
    """Random jobs, random readers, and trouble with the given chance in each turn."""

    def __init__(self, seed: int, trouble: float) -> None:
        self.random = random.Random(seed)
        self.size = self.random.choice([150, 240, 400])
        self.played = Played(
            self.size,
            batch=self.random.choice([5, 16, 64]),
            numbers=self.random.choice([11, 20, 64]),
            memory=self.random.choice([0, 2**16, 2**20]),
        )
        self.jobs = RandomJobs(seed, self.size)
        self.trouble = trouble
        self.live: dict[Job, tuple[RandomJob, float]] = {}  # and how likely its reader reads
        self.leaving: dict[Job, int] = {}  # turns until the reader goes
        self.right = self.cancelled = 0
        self.failures: list[str] = []

    def run(self) -> None:
        asked = 0
        while asked < JOBS or self.live:
            if asked < JOBS and self.random.random() < 0.5:
                self.ask()
                asked += 1
            if self.random.random() < self.trouble:
                self.make_trouble()
            self.played.turn()
            for job in list(self.live):
                self.read(job)
        while self.played.turn():
            pass

    def ask(self) -> None:
        wanted = self.jobs.next()
        job = self.played.ask(
            wanted.prompt, wanted.sampling, wanted.reading, wanted.adapter, wanted.forced,
            warm=wanted.warm,
        )  # fmt: skip
        self.live[job] = wanted, self.random.choice([1, 1, 0.3, 0.02])
        self.leaving[job] = self.random.choice([self.random.randrange(40), *[10**6] * 4])

    def read(self, job: Job) -> None:
        wanted, pace = self.live[job]
        self.leaving[job] -= 1
        if self.leaving[job] < 0:
            job.cancelled.set()
            self.played.scheduler.abort_if_unwanted()
            del self.live[job]
            self.cancelled += 1
        elif self.random.random() < pace:
            try:
                events = self.played.take(job, self.random.choice([1, 5, 1000]))
            except ModelError as error:
                self.failures.append(str(error))
                del self.live[job]
                return
            if self.played.ended(job) and not job.failed:
                wanted.check(events)
                self.right += 1
                del self.live[job]

    def make_trouble(self) -> None:
        context = self.played.context
        if self.random.random() < 0.5:
            context.aborts += 1
        elif self.random.random() < 0.5:
            context.fails += 1
        else:
            context.refuses += 1


@pytest.fixture(autouse=True)
def crowded(monkeypatch: pytest.MonkeyPatch, eager: None) -> None:
    """Readers are soon behind, and answers grow beyond what was reckoned with."""
    monkeypatch.setattr(stream, "BACKLOG", 6)
    monkeypatch.setattr(scheduler, "GROWTH", 4)
    monkeypatch.setattr(scheduler, "RUNNING", 6)


@pytest.mark.parametrize("seed", range(6))
def test_each_of_many_gets_what_it_would_get_alone(seed: int) -> None:
    soak = Soak(seed, trouble=0)
    soak.run()
    assert soak.failures == []
    assert soak.right + soak.cancelled == JOBS
    assert soak.right > 0.7 * JOBS
    soak.played.check_nothing_is_left()


@pytest.mark.parametrize("seed", range(6, 9))
def test_decodes_that_fail_cost_those_that_run_and_nobody_else(seed: int) -> None:
    soak = Soak(seed, trouble=0.02)
    soak.run()
    assert soak.right + soak.cancelled + len(soak.failures) == JOBS
    assert soak.right > 0.2 * JOBS
    assert {error[-10:] for error in soak.failures} == {"Ask again."}
    assert soak.played.context.resets > 0
    soak.played.context.fails = soak.played.context.refuses = soak.played.context.aborts = 0
    soak.played.check_nothing_is_left()
