import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from filelock import FileLock

from models import candidates, requantized
from models import search as module
from models.bundled import CHAT_MODEL, bundled_chat_model
from models.card import read_card
from models.errors import ModelError
from models.measure import Configuration, Speed
from models.tune import tune
from models.tune_report import TuneReport
from models.tuning import tuned

PREFILL = {"Q4_1": 200.0, "Q4_0": 600.0, "Q8_0": 400.0, "F16": 300.0}
LOSS = {"Q4_1": 3.0, "Q4_0": 3.3, "Q8_0": 3.02, "F16": 2.99}


@dataclass
class Machine:
    """A machine of four processors that runs the bundled model at set speeds."""

    prefill: dict[str, float] = field(default_factory=lambda: dict(PREFILL))
    loss: dict[str, float] = field(default_factory=lambda: dict(LOSS))
    threads: dict[int, float] = field(default_factory=lambda: {1: 0.6, 2: 1.0, 4: 1.5})
    flash: dict[bool | None, float] = field(default_factory=lambda: {None: 1, True: 1, False: 0.8})
    batch: dict[int, float] = field(default_factory=lambda: {64: 0.7, 128: 0.9, 256: 1.0, 512: 1.2})
    broken: dict[str, object] = field(default_factory=dict)
    decode: float = 50.0
    timed: list[tuple[Configuration, int, int]] = field(default_factory=list)

    def run(self, run: Configuration, prompt: int, answer: int, timeout: float) -> Speed:
        self.timed.append((run, prompt, answer))
        if any(getattr(run, name, None) == value for name, value in self.broken.items()):
            raise ModelError("its process crashed with SIGSEGV")
        share = self.threads[run.threads] * self.flash[run.flash_attention]
        return Speed(self.prefill[run.kind] * share * self.batch[run.batch], self.decode * share)

    def weigh(self, run: Configuration, timeout: float) -> float:
        if self.broken.get("loss") == run.kind:
            raise ModelError("its process crashed with SIGABRT")
        return self.loss[run.kind]


def copy(source: Path, kind: str, _on_progress: object) -> Path:
    path = requantized.folder() / f"{source.stem}-{requantized._key(source)}-{kind}.gguf"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_bytes(bundled_chat_model().read_bytes()[:2_000_000])
    return path


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, folder: Path, setting: Callable[..., None]) -> Machine:
    made = Machine()
    setting(CACHE=folder / "cache", THREADS=0)
    monkeypatch.setattr(module, "speed", made.run)
    monkeypatch.setattr(module, "loss", made.weigh)
    monkeypatch.setattr(module, "kinds", lambda card: ["Q4_0", "Q8_0", "F16"])
    monkeypatch.setattr(module, "quantized_size", lambda source, kind: len(kind) << 20)
    monkeypatch.setattr(module, "copy_of", copy)
    monkeypatch.setattr(module, "gpu_layers", lambda card, batch, flash_attention: 0)
    monkeypatch.setattr(module, "read_card", lambda path: module_card)
    monkeypatch.setattr(module, "_busy", lambda: 0.0)
    monkeypatch.setattr(candidates, "cores", lambda: 4)
    monkeypatch.setattr("psutil.cpu_count", lambda logical=True: 4)
    return made


module_card = read_card(bundled_chat_model())


def run(quick: bool = False, on_step: module.OnStep = lambda what, done, steps: None) -> TuneReport:
    return tune(CHAT_MODEL, quick=quick, on_step=on_step)


def copies() -> list[str]:
    folder = requantized.folder()
    names = folder.iterdir() if folder.is_dir() else []
    return sorted(path.stem.rpartition("-")[2] for path in names)


def verdicts(report: TuneReport) -> dict[tuple[str, str], str]:
    return {(row.stage, row.kind): row.verdict for row in report.rows}


def test_the_fastest_of_each_is_taken_and_recorded(machine: Machine) -> None:
    winner = run().winner
    assert (winner.kind, winner.threads, winner.flash_attention, winner.batch) == (
        "Q8_0",
        4,
        True,
        512,
    )
    assert winner.seconds == pytest.approx(800 / (400 * 1.5 * 1.2) + 64 / 75)
    assert winner.seconds_before == pytest.approx(800 / 300 + 64 / 75)
    assert (winner.loss, winner.loss_before) == (3.02, 3.0)
    assert tuned(bundled_chat_model()) == winner


def test_a_faster_quantization_that_loses_too_much_is_not_taken(machine: Machine) -> None:
    report = run()
    assert verdicts(report)["quantization", "Q4_0"] == "not taken: +10.0% loss"
    assert report.winner.kind == "Q8_0"
    machine.loss["Q4_0"] = 3.06
    assert run().winner.kind == "Q4_0"


@pytest.mark.parametrize("lost", [3.0601, math.nan, math.inf])
def test_the_bound_of_the_loss_is_two_percent(machine: Machine, lost: float) -> None:
    machine.loss |= {"Q8_0": lost, "F16": lost, "Q4_0": lost}
    winner = run().winner
    assert (winner.kind, winner.weights) == ("Q4_1", bundled_chat_model().resolve())
    assert copies() == []


def test_of_the_equally_fast_the_plain_ones_are_taken(machine: Machine) -> None:
    machine.prefill = dict.fromkeys(PREFILL, 200.0) | {"Q8_0": 204.0}
    machine.threads = {1: 0.99, 2: 1.0, 4: 1.0}
    machine.flash = {None: 1.0, True: 1.0, False: 1.02}
    machine.batch = dict.fromkeys((64, 128, 256, 512), 1.0)
    winner = run().winner
    assert (winner.kind, winner.threads, winner.flash_attention, winner.batch) == (
        "Q4_1",
        1,
        True,
        64,
    )


def test_repetitions_alternate_and_the_best_of_them_counts(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise: dict[Configuration, list[float]] = {}

    def noisy(run: Configuration, prompt: int, answer: int, timeout: float) -> Speed:
        exact = machine.run(run, prompt, answer, timeout)
        shares = noise.setdefault(run, [0.8, 1.0, 0.9] * 3)
        return Speed(exact.prefill * shares.pop(0), exact.decode)

    monkeypatch.setattr(module, "speed", noisy)
    winner = run().winner
    order = [run.batch for run, _, _ in machine.timed[-12:]]
    assert order == [64, 128, 256, 512] * 3
    assert winner.prefill == pytest.approx(400 * 1.5 * 1.2)


def test_what_is_hopelessly_slow_is_timed_once(machine: Machine) -> None:
    machine.threads[1] = 0.1
    run()
    alone = [run for run, _, _ in machine.timed if run.threads == 1]
    assert len(alone) == 1


@pytest.mark.parametrize(
    "broken",
    [{"kind": "Q8_0"}, {"loss": "Q8_0"}, {"threads": 2}, {"flash_attention": False}, {"batch": 64}],
)
def test_a_crash_costs_one_row(machine: Machine, broken: dict[str, object]) -> None:
    machine.broken = broken
    report = run()
    lost = [row for row in report.rows if "crashed" in row.verdict]
    assert len(lost) == 1
    assert lost[0].seconds is None
    assert tuned(bundled_chat_model()) == report.winner


def test_a_quantization_that_cannot_be_made_costs_one_row(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(source: Path, kind: str, on_progress: object) -> Path:
        if kind == "Q8_0":
            raise ModelError("the disk may be full")
        return copy(source, kind, on_progress)

    monkeypatch.setattr(module, "copy_of", fail)
    report = run()
    assert verdicts(report)["quantization", "Q8_0"] == "the disk may be full"
    assert report.winner.kind == "F16"


def test_where_nothing_can_be_quantized_the_rest_is_tuned(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, kind: str) -> int:
        raise ModelError("llama.cpp cannot quantize it")

    monkeypatch.setattr(module, "quantized_size", refuse)
    winner = run().winner
    assert (winner.kind, winner.threads, winner.batch) == ("Q4_1", 4, 512)


def test_a_model_that_cannot_be_run_is_an_error_and_nothing_is_recorded(machine: Machine) -> None:
    machine.broken = {"kind": "Q4_1"}
    with pytest.raises(ModelError, match="SIGSEGV"):
        run()
    machine.broken = {}
    machine.loss["Q4_1"] = math.nan
    with pytest.raises(ModelError, match="its logits are no numbers"):
        run()
    assert tuned(bundled_chat_model()) is None
    assert copies() == []


@pytest.mark.parametrize("threads", [0, 2])
def test_the_steps_count_up_to_their_number(
    machine: Machine, setting: Callable[..., None], threads: int
) -> None:
    setting(THREADS=threads)
    machine.broken = {"kind": "F16"}
    machine.threads[1] = 0.1
    steps: list[tuple[str, int, int]] = []
    run(on_step=lambda *step: steps.append(step))
    counts = [done for _, done, _ in steps]
    assert counts == list(range(len(steps)))
    assert all(done <= total for _, done, total in steps)
    assert steps[-1] == ("done", len(steps) - 1, len(steps) - 1)


@pytest.mark.parametrize("at", [0, 1, 3, 4, 6, 9, 20, 30])
def test_an_interruption_records_nothing_and_leaves_no_copies(machine: Machine, at: int) -> None:
    def interrupt(what: str, done: int, steps: int) -> None:
        if done == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(on_step=interrupt)
    assert tuned(bundled_chat_model()) is None
    assert copies() == []


def test_an_interruption_leaves_the_last_tuning_as_it_is(machine: Machine) -> None:
    before = run().winner

    def interrupt(what: str, done: int, steps: int) -> None:
        if what.startswith("batch"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(on_step=interrupt)
    assert tuned(bundled_chat_model()) == before
    assert copies() == ["Q8_0"]


def test_only_the_winners_copy_stays(machine: Machine) -> None:
    run()
    assert copies() == ["Q8_0"]
    machine.prefill["F16"] = 900.0
    run()
    assert copies() == ["F16"]


def test_what_a_setting_fixes_is_not_varied(machine: Machine, setting: Callable[..., None]) -> None:
    setting(THREADS=2, BATCH=128, FLASH_ATTENTION="false", KV_TYPE="f32")
    report = run()
    assert {row.stage for row in report.rows} == {"quantization"}
    assert {(run.threads, run.batch, run.kv_type) for run, _, _ in machine.timed} == {
        (2, 128, "f32")
    }
    winner = report.winner
    assert (winner.threads, winner.flash_attention, winner.batch) == (2, False, 128)


def test_quick_takes_shorter_prompts_and_fewer_of_them(machine: Machine) -> None:
    run()
    whole, machine.timed = machine.timed, []
    run(quick=True)
    assert {prompt for _, prompt, _ in whole[1:]} == {1024}
    assert {prompt for _, prompt, _ in machine.timed[1:]} == {512}
    assert len(machine.timed) < len(whole)


def test_a_slow_model_is_timed_once_with_a_short_prompt(machine: Machine) -> None:
    machine.prefill = {kind: speed / 20 for kind, speed in PREFILL.items()}
    machine.decode = 1.0
    run()
    assert {(prompt, answer) for _, prompt, answer in machine.timed[1:]} == {(128, 8)}
    timed = [run for run, _, _ in machine.timed[1:]]
    assert len([run for run in timed if run.kind == "F16"]) == 1


def test_two_do_not_tune_at_once(machine: Machine, folder: Path) -> None:
    (folder / "cache").mkdir()
    with (
        FileLock(folder / "cache" / "tune.lock"),
        pytest.raises(ModelError, match="another process is tuning"),
    ):
        run()
    assert machine.timed == []
    run()


def test_a_busy_machine_is_noted(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "idle" not in run().table()
    monkeypatch.setattr(module, "_busy", lambda: 0.8)
    report = run()
    assert report.winner.busy == 0.8
    assert "Other programs took 80% of the processors' time" in report.table()


@pytest.mark.parametrize("name", ["openai:gpt-x", "/nowhere/model.gguf"])
def test_what_is_not_here_cannot_be_tuned(folder: Path, name: str) -> None:
    with pytest.raises(ModelError):
        tune(name, quick=True, on_step=lambda what, done, steps: None)


def test_a_cache_that_cannot_be_written_is_one_line(
    folder: Path, setting: Callable[..., None]
) -> None:
    (folder / "file").touch()
    setting(CACHE=folder / "file" / "cache")
    with pytest.raises(ModelError, match="Set KVASIR_CACHE to a folder"):
        run()


def test_the_bundled_model_is_tuned_for_real(
    folder: Path, setting: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One quantization and one batch beside its own, timed once: seconds instead of minutes."""
    setting(CACHE=folder / "cache", FLASH_ATTENTION="true")
    monkeypatch.setattr(module, "kinds", lambda card: ["Q8_0"])
    monkeypatch.setattr(module, "batches", lambda prompt: [64, 128])
    monkeypatch.setattr(module, "BUDGET_S", 0.0)
    monkeypatch.setattr(module, "PROMPT_S", 0.1)
    report = run(quick=True)
    assert [row.stage for row in report.rows] == ["quantization"] * 2 + ["batch"] * 2
    assert all(row.seconds and row.seconds > 0 for row in report.rows)
    own, copied = report.rows[:2]
    assert own.loss
    assert copied.loss == pytest.approx(own.loss, rel=0.01)  # 8 bits lose nothing to speak of
    assert report.winner.threads == 1
    assert tuned(bundled_chat_model()) == report.winner
    assert report.winner.weights.is_file()
