"""Finds the fastest way to run a model on this machine that costs no quality, and records it."""

from collections.abc import Iterator
from contextlib import contextmanager

from models.errors import ModelError
from models.requantized import remove_unused
from models.search import OnStep, Search
from models.settings import get_settings
from models.tune_report import TuneReport
from models.tuning import record
from models.weights import find_weights, is_provider


def tune(model: str, *, quick: bool, on_step: OnStep) -> TuneReport:
    """Measure the model's quantizations, threads, flash attention and batches; record the best.

    The best has the least time for a typical question (models.tune_report.question_seconds)
    among those whose loss on a sample text is at most 2% above that of the model's own file. What
    the settings fix is not varied. `on_step` gets what is being done, steps done and their
    number. Takes a few minutes on 2 cores, `quick` about half. Whatever ends it early, nothing is
    recorded. Raises ModelError.
    """
    if is_provider(model):
        raise ModelError(f"{model} runs elsewhere: only models on this machine can be tuned")
    source = find_weights(model)
    with _alone():
        try:
            report = Search(model, source, quick, on_step).run()
            record(source, report.winner)
        finally:
            remove_unused(source)
    return report


@contextmanager
def _alone() -> Iterator[None]:
    """Two that measure at once would measure each other."""
    from filelock import FileLock, Timeout

    file = get_settings().cache.expanduser() / "tune.lock"
    lock = FileLock(file, timeout=0)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise ModelError("another process is tuning. Wait until it is done.") from error
    except OSError as error:
        raise ModelError(
            f"{file.parent} cannot be written: {error.strerror}. Set KVASIR_CACHE to a folder."
        ) from error
    try:
        yield
    finally:
        lock.release()
