"""The search for the fastest way to run a model: one thing varies at a time.

Threads first, then the quantization, flash attention, the batch, each in turn with the best of
what came before. It does not know how a speed is measured (models.measure) or what makes sense to
try here (models.candidates).
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
    kinds,
    thread_counts,
    untuned,
)
from models.card import read_card
from models.errors import ModelError
from models.measure import Configuration, Speed, loss, speed
from models.offload import gpu_layers
from models.quantize import quantized_size
from models.requantized import copy_of
from models.trial import Trial
from models.tune_report import Row, TuneReport
from models.tuning import Tuning

TOLERANCE = 1.02  # how much more loss than the model's own file a quantization may have
TIE = 1.03  # who is slower by less is not slower: machines are noisy
HOPELESS = 2.0  # who is slower by more in the first round is not timed again
BUDGET_S = 200.0  # for all timings: slow models are timed less often, with shorter prompts
PROMPT_S = 6.0  # for one prompt
ANSWER = 32  # tokens that are decoded, of a model that is not too slow

OnStep = Callable[[str, int, int], None]


def _busy() -> float:
    """The share of the processors' time that goes to others, before or after the timings."""
    import psutil

    return float(psutil.cpu_percent(interval=1)) / 100


class Search:
    """The search, stage by stage; each begins with the winner of the one before."""

    def __init__(self, model: str, source: Path, quick: bool, on_step: OnStep) -> None:
        self._model, self._source, self._on_step = model, source, on_step
        self._card = read_card(source)
        self._kinds = kinds(self._card)
        self._prompt = self._most = 512 if quick else 1024
        self._rounds = self._most_rounds = 2 if quick else 3
        self._answer, self._loading, self._timeout = ANSWER, math.inf, 600.0
        self._rows: list[Row] = []
        self._done = 0
        self._steps = 2 + 2 * len(self._kinds) + self._rounds * self._timings()

    def run(self) -> TuneReport:
        """All stages, and their outcome."""
        busy = _busy()
        own = Trial(untuned(self._source, self._card))
        with self._step("trying it out"):
            first = self._speed(own.configuration, 64, 8)
        self._fit(first)
        # Threads come first: with the wrong number of them, nothing else can be compared.
        best = self._vary("threads", own)
        if best is not own:
            self._fit(Speed(best.prefill, best.decode))
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
        """How many configurations are still to be timed, in each round."""
        done = {row.stage for row in self._rows}
        varied = [len(values) for name, values in self._varied().items() if name not in done]
        return 1 + len(self._kinds) + sum(count for count in varied if count > 1)

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        self._on_step(what, self._done, self._steps)
        try:
            yield
        finally:
            self._done += 1

    def _speed(self, run: Configuration, prompt: int, answer: int) -> Speed:
        began = time.perf_counter()
        found = speed(run, prompt, answer, self._timeout)
        computing = prompt / found.prefill + answer / found.decode
        loading = max(0.0, time.perf_counter() - began - computing)
        self._loading = min(self._loading, loading)
        return found

    def _fit(self, now: Speed) -> None:
        """Fit the lengths and the number of timings that are to come to the model's speed."""
        affordable = int(now.prefill * PROMPT_S) // 64 * 64
        self._prompt = min(self._most, max(128, affordable))
        self._answer = ANSWER if now.decode > 5 else 8
        each = self._loading + self._prompt / now.prefill + self._answer / now.decode
        timings = self._timings()
        self._rounds = max(1, min(self._most_rounds, int(BUDGET_S / (each * timings))))
        self._steps = self._done + 1 + 2 * len(self._kinds) + self._rounds * timings
        self._timeout = 60 + 20 * each

    # ---- quantizations

    def _copies(self, own: Configuration) -> list[Trial]:
        """A trial for each quantization, smaller files first; the file is there, or it failed."""
        trials = []
        for kind in self._kinds:
            trial, size = Trial(replace(own, kind=kind)), 0
            try:
                with self._step(f"quantizing to {kind}"):
                    size = quantized_size(self._source, kind)
                    check_room(self._card, size)
                    weights = copy_of(self._source, kind, lambda done, total: None)
                layers = gpu_layers(read_card(weights), own.batch, own.flash_attention)
                trial.configuration = replace(
                    trial.configuration, weights=weights, gpu_layers=layers
                )
            except ModelError as error:
                self._steps -= 1  # that of its quality
                trial.fail(error)
            trials.append((size, trial))
        return [trial for _, trial in sorted(trials, key=lambda each: each[0])]

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
                trial.add(self._speed(run, self._prompt, self._answer))
        except ModelError as error:
            trial.fail(error)
