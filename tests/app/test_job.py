"""Work in threads of its own."""

from threading import Event

import pytest

from app.job import Job, Stopped
from app.watch import watch


class Counting(Job):
    """Counts until stopped, or up to three and then whatever `last` does."""

    def __init__(self, gate: Event | None = None, error: BaseException | None = None) -> None:
        super().__init__()
        self.count = 0
        self.tidied = False
        self._gate = gate
        self._error = error

    def work(self) -> None:
        for _ in range(3):
            self.count += 1
            self.step()
        if self._gate:
            while True:
                self._gate.wait(0.01)
                self.step()
        if self._error:
            raise self._error

    def ended(self) -> None:
        self.tidied = True


def finish(job: Job) -> list[bool]:
    seen: list[bool] = []
    watch(job, lambda: seen.append(job.finished))
    return seen


def test_whoever_watches_sees_the_end() -> None:
    job = Counting()
    job.start()
    assert finish(job)[-1]
    assert (job.count, job.tidied) == (3, True)


def test_a_stopped_job_ends_at_its_next_step_and_is_no_bug() -> None:
    job = Counting(gate=Event())
    job.start()
    job.stop()
    finish(job)
    assert job.tidied


def test_a_job_stopped_before_it_starts_does_one_step_at_most() -> None:
    job = Counting()
    job.stop()
    job.start()
    finish(job)
    assert job.count == 1


def test_a_bug_is_raised_where_it_is_watched_with_its_traceback() -> None:
    job = Counting(error=ZeroDivisionError("a bug"))
    job.start()
    with pytest.raises(ZeroDivisionError, match="a bug") as caught:
        finish(job)
    assert caught.traceback[-1].name == "work"


def test_stopping_passes_through_whatever_catches_exceptions() -> None:
    assert not issubclass(Stopped, Exception)
