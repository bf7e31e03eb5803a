"""Finds the fastest way to run a model on this machine that costs no quality, and records it.

One thing varies at a time: the quantization, the threads, flash attention, the batch. It does not
know how a speed is measured (models.measure) or where the result is kept (models.tuning).
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.candidates import (
    batches,
    check_room,
    flash_choices,
    gpu_layers,
    kinds,
    thread_counts,
    untuned,
)
from models.card import read_card
from models.errors import ModelError
from models.measure import Configuration, loss, speed
from models.quantize import quantized_size
from models.requantized import copy_of, remove_unused
from models.settings import get_settings
from models.trial import Trial
from models.tune_report import Row, TuneReport
from models.tuning import Tuning, record
from models.weights import find_weights, is_provider

TOLERANCE = 1.02  # how much more loss than the model's own file a quantization may have
TIE = 1.03  # who is slower by less is not slower: machines are noisy
HOPELESS = 2.0  # who is slower by more in the first round is not timed again
BUDGET_S = 200.0  # for all timings: slow models are timed less often, with shorter prompts
PROMPT_S = 6.0  # for one prompt

OnStep = Callable[[str, int, int], None]


def tune(model: str, *, quick: bool, on_step: OnStep) -> TuneReport:
    """Measure the model's quantizations, threads, flash attention and batches; record the best.

    The best has the least time for a typical question (models.tune_report.question_seconds)
    among those whose loss is at most TOLERANCE times that of the model's own file. What the
    settings fix is not varied. `on_step` gets what is being done, steps done and their number.
    Takes a few minutes on 2 cores, `quick` about half. Whatever ends it early, nothing is
    recorded. Raises ModelError.
    """
    if is_provider(model):
        raise ModelError(f"{model} runs elsewhere: only models on this machine can be tuned")
    source = find_weights(model)
    with _alone():
        try:
            report = _Search(model, source, quick, on_step).run()
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


def _busy() -> float:
    """The share of the processors' time that goes to others, before or after the timings."""
    import psutil

    return float(psutil.cpu_percent(interval=1)) / 100


class _Search:
    """The search, stage by stage; each begins with the winner of the one before."""

    def __init__(self, model: str, source: Path, quick: bool, on_step: OnStep) -> None:
        self._model, self._source, self._on_step = model, source, on_step
        self._card = read_card(source)
        self._kinds = kinds(self._card)
        self._prompt, self._answer = (512 if quick else 1024), 32
        self._rounds = 2 if quick else 3
        self._timeout = 600.0
        self._rows: list[Row] = []
        self._done = 0
        self._steps = 2 + 2 * len(self._kinds) + self._rounds * self._timings()

    def run(self) -> TuneReport:
        """All stages, and their outcome."""
        busy = _busy()
        own = Trial(untuned(self._source, self._card))
        self._try_out(own.configuration)
        # Threads come first: with the wrong number of them, nothing else can be compared.
        best = self._vary("threads", own)
        trials = [Trial(best.configuration), *self._copies(best.configuration)]
        self._weigh(trials)
        best = chosen = self._stage("quantization", trials)
        for field in ("flash_attention", "batch"):
            best = self._vary(field, best)
        self._on_step("done", self._steps, self._steps)
        run = best.configuration
        tuning = Tuning(
            weights=run.weights.resolve(),
            kind=run.kind,
            threads=run.threads,
            flash_attention=bool(run.flash_attention),
            batch=run.batch,
            prefill=best.prefill,
            decode=best.decode,
            seconds=best.seconds,
            seconds_before=self._before(own.configuration) or best.seconds,
            loss=chosen.loss or 0.0,
            loss_before=trials[0].loss or 0.0,
            busy=max(busy, _busy()),
        )
        return TuneReport(self._model, tuple(self._rows), tuning, self._prompt, self._answer)

    def _before(self, own: Configuration) -> float | None:
        """Seconds for a question with the model's own file and as many threads as processors."""
        rows = (row for row in self._rows if (row.kind, row.threads) == (own.kind, own.threads))
        return next((row.seconds for row in rows), None)

    def _varied(self) -> dict[str, Sequence[Any]]:
        return {
            "threads": thread_counts(),
            "flash_attention": flash_choices(),
            "batch": batches(self._prompt),
        }

    def _timings(self) -> int:
        """How many configurations there are to be timed in one round."""
        varied = [len(values) for values in self._varied().values()]
        return 1 + len(self._kinds) + sum(count for count in varied if count > 1)

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        self._on_step(what, self._done, self._steps)
        try:
            yield
        finally:
            self._done += 1

    def _try_out(self, own: Configuration) -> None:
        """Fit the lengths and the number of timings to the model's speed."""
        began = time.perf_counter()
        with self._step("trying it out"):
            first = speed(own, 64, 8, self._timeout)
        computing = 64 / first.prefill + 8 / first.decode
        loading = max(0.0, time.perf_counter() - began - computing)
        affordable = int(first.prefill * PROMPT_S) // 64 * 64
        self._prompt = min(self._prompt, max(128, affordable))
        self._answer = self._answer if first.decode > 5 else 8
        each = loading + self._prompt / first.prefill + self._answer / first.decode
        timings = self._timings()
        self._rounds = max(1, min(self._rounds, int(BUDGET_S / (each * timings))))
        self._steps = 2 + 2 * len(self._kinds) + self._rounds * timings
        self._timeout = 60 + 20 * each

    # ---- quantizations

    def _copies(self, own: Configuration) -> Iterator[Trial]:
        """A trial for each quantization, smaller files first; the file is there, or it failed."""
        sizes = {kind: quantized_size(self._source, kind) for kind in self._kinds}
        for kind in sorted(sizes, key=lambda kind: sizes[kind]):
            trial = Trial(replace(own, kind=kind))
            try:
                with self._step(f"quantizing to {kind}"):
                    check_room(self._card, sizes[kind])
                    weights = copy_of(self._source, kind, lambda done, total: None)
                layers = gpu_layers(read_card(weights))
                trial.configuration = replace(
                    trial.configuration, weights=weights, gpu_layers=layers
                )
            except ModelError as error:
                self._steps -= 1  # that of its quality
                trial.fail(error)
            yield trial

    def _weigh(self, trials: Sequence[Trial]) -> None:
        """Fill in the losses, and a verdict on those that lose too much."""
        own = trials[0]
        with self._step("quality of the file"):
            own.loss = loss(own.configuration, self._timeout)
        if not math.isfinite(own.loss):
            raise ModelError(f"{self._source} foretells nothing: its logits are no numbers")
        for trial in trials[1:]:
            if trial.failed:
                continue
            try:
                with self._step(f"quality of {trial.configuration.kind}"):
                    trial.loss = loss(trial.configuration, self._timeout)
                if not trial.loss <= TOLERANCE * own.loss:
                    trial.verdict = f"not taken: {trial.loss / own.loss - 1:+.1%} loss"
            except ModelError as error:
                trial.fail(error)

    # ---- timing

    def _vary(self, field: str, best: Trial) -> Trial:
        values = self._varied()[field]
        if len(values) < 2:
            return best
        trials = [Trial(replace(best.configuration, **{field: value})) for value in values]
        return self._stage(field.replace("_", " "), trials)

    def _stage(self, name: str, trials: Sequence[Trial]) -> Trial:
        """Time the trials in turn, round by round; of those as fast as the best, give the first."""
        left = [trial for trial in trials if not trial.failed]
        self._steps -= self._rounds * (len(trials) - len(left))
        for number in range(1, self._rounds + 1):
            for trial in left:
                self._time(name, trial)
            best = min((trial.seconds for trial in left), default=0.0)
            kept = [t for t in left if not t.verdict and t.seconds <= HOPELESS * best]
            self._steps -= (self._rounds - number) * (len(left) - len(kept))
            left = kept
        racing = [trial for trial in trials if not trial.verdict]
        if not racing:
            raise ModelError(f"{self._source} could not be timed: {trials[0].verdict}")
        limit = TIE * min(trial.seconds for trial in racing)
        winner = next(trial for trial in racing if trial.seconds <= limit)
        winner.verdict = "taken"
        self._rows += [trial.row(name) for trial in trials]
        return winner

    def _time(self, stage: str, trial: Trial) -> None:
        run = trial.configuration
        shown = {
            "quantization": run.kind,
            "threads": run.threads,
            "flash attention": "on" if run.flash_attention else "off",
            "batch": run.batch,
        }
        try:
            with self._step(f"{stage}: {shown[stage]}"):
                trial.add(speed(run, self._prompt, self._answer, self._timeout))
        except ModelError as error:
            trial.fail(error)
