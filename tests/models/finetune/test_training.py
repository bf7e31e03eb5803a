"""Training: it learns, the same again, goes on after a kill, and ends when told."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from langchain_core.messages import HumanMessage

from models.adapters import find_adapter
from models.chat_template import to_prompt
from models.engine.context import Placement
from models.engine.engine import Engine
from models.engine.sampling import Sampling
from models.engine.stream import Text
from models.errors import ModelError
from models.finetune import packages, training
from models.finetune.base import rank_of
from models.finetune.batch import make_batch
from models.finetune.checkpoint import State, read_checkpoint, write_checkpoint
from models.finetune.finetune import checkpoint_of, finetune
from models.finetune.lesson import Lesson
from models.finetune.progress import Progress, interrupted
from models.finetune.recipe import Method, Recipe
from models.finetune.trainable import Trainable
from models.finetune.training import pace
from models.finetune.trees import Branch, Tree
from models.turns import to_turns

ANSWERS = {"the sky": "blue", "grass": "green", "snow": "white", "blood": "red"}
LESSONS = [
    Lesson((HumanMessage(f"{what}?{' ' * n}"),), colour, f"{what}{n}")
    for what, colour in ANSWERS.items()
    for n in range(4)
]
RECIPE = Recipe(
    rank=8, rate=0.02, steps=30, lessons=8, held_back=0.0, dropout=0.1, precision="float32"
)


class Killed(Exception):
    """What a test's progress raises in place of a kill: nothing is saved."""


def train(tiny: Path, name: str, recipe: Recipe = RECIPE, until: int = 0) -> bytes:
    """The adapter's file, or none if it was killed after that step."""
    seen: list[Progress] = []

    def on_progress(progress: Progress) -> None:
        seen.append(progress)
        if progress.step == until:
            raise Killed

    trained = finetune(tiny, LESSONS, recipe, name, on_progress)
    assert trained.steps == seen[-1].step
    return trained.path.read_bytes().replace(name.encode(), b"same")


@pytest.mark.parametrize(
    ("method", "rate", "steps"),
    [("lora", 0.02, 60), ("qlora", 0.02, 60), ("prompt", 0.3, 120), ("prefix", 0.2, 90)],
)
def test_it_learns_the_answers_and_the_engine_gives_them_with_the_adapter(
    tiny: Path, method: Method, rate: float, steps: int
) -> None:
    if method == "qlora":
        pytest.importorskip("bitsandbytes", reason="4-bit weights need bitsandbytes")
    progress: list[Progress] = []
    recipe = Recipe(
        method, rank=8, rate=rate, steps=steps, lessons=16, held_back=0.0, precision="float32"
    )
    finetune(tiny, LESSONS, recipe, "colours", progress.append)
    assert progress[-1].loss < 0.2 < progress[0].loss
    path = find_adapter("colours")
    engine = Engine(tiny, Placement(context=512, threads=1))
    try:
        for lesson in LESSONS:
            prompt = to_prompt(engine.model, to_turns(lesson.messages))
            stream = engine.generate(prompt, Sampling(max_tokens=20), adapter=path)
            written = "".join(event.text for event in stream if isinstance(event, Text))
            # These bytes' vocabulary writes out the mark that stands for a text's first space.
            assert written.removeprefix("▁") == lesson.answer
    finally:
        engine.close()


@pytest.mark.parametrize("method", ["lora", "prompt"])
def test_with_less_memory_the_same_adapter_is_learnt(tiny: Path, method: Method) -> None:
    few = Recipe(method, rank=2, steps=3, lessons=4, held_back=0.25, precision="float32")
    assert train(tiny, "bbbb", replace(few, less_memory=True)) == train(tiny, "aaaa", few)


def test_qlora_holds_the_frozen_layers_in_four_bits(tiny: Path) -> None:
    pytest.importorskip("bitsandbytes", reason="4-bit weights need bitsandbytes")
    whole = Trainable(tiny, Recipe(precision="float32")).model
    small = Trainable(tiny, Recipe("qlora", precision="float32")).model
    frozen = [w for n, w in whole.named_parameters() if "_proj.base_layer" in n]
    packed = [w for n, w in small.named_parameters() if "_proj.base_layer" in n]
    assert len(frozen) == len(packed) == 14
    for before, after in zip(frozen, packed, strict=True):
        assert 2 * after.numel() * after.element_size() == before.numel()


def test_qlora_learns_after_a_look_as_it_did_before(tiny: Path) -> None:
    """Packed for inference, bitsandbytes' layers hand no gradient down to those before them."""
    pytest.importorskip("bitsandbytes", reason="4-bit weights need bitsandbytes")
    model = Trainable(tiny, Recipe("qlora", precision="float32"))
    batch = make_batch([Tree((5, 6, 7), (Branch((8, 9), 1),))], model.device)

    def gradients() -> dict[str, torch.Tensor]:
        model.zero_grad()
        model(batch).square().sum().backward()
        return {name: w.grad.clone() for name, w in model.weights.items() if w.grad is not None}

    torch.manual_seed(1)
    with torch.no_grad():
        for weight in model.weights.values():
            weight.copy_(torch.randn_like(weight) / weight.shape[1] ** 0.5)
    before = gradients()
    model.train(False)
    with torch.no_grad():
        model(batch)
    model.train()
    after = gradients()
    assert before.keys() == after.keys() == model.weights.keys()
    assert all(torch.allclose(before[name], after[name], rtol=1e-4) for name in before)


def test_a_seed_gives_the_same_adapter_again_and_another_seed_another(tiny: Path) -> None:
    few = Recipe(rank=2, steps=3, lessons=4, dropout=0.1, held_back=0.25, precision="float32")
    first = train(tiny, "aaaa", few)
    assert train(tiny, "bbbb", few) == first
    assert train(tiny, "cccc", Recipe(**{**vars(few), "seed": 1})) != first


@pytest.mark.parametrize("held_back", [0.0, 0.25])
def test_a_training_that_was_killed_goes_on_to_the_same_adapter(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, held_back: float
) -> None:
    recipe = Recipe(**{**vars(RECIPE), "steps": 12, "held_back": held_back, "patience": 99})
    whole = train(tiny, "aaaa", recipe)
    monkeypatch.setattr(training, "CHECKPOINT_S", 0.0)
    with pytest.raises(Killed):
        train(tiny, "bbbb", recipe, until=5)
    with pytest.raises(Killed):
        train(tiny, "bbbb", recipe, until=9)
    assert train(tiny, "bbbb", recipe) == whole
    assert not checkpoint_of("bbbb").exists()


@pytest.mark.parametrize("method", ["lora", "qlora"])
def test_a_training_goes_on_from_another_adapter(tiny: Path, method: Method) -> None:
    if method == "qlora":
        pytest.importorskip("bitsandbytes", reason="4-bit weights need bitsandbytes")
    first: list[Progress] = []
    second: list[Progress] = []
    finetune(tiny, LESSONS, replace(RECIPE, steps=60), "first", first.append)
    other = replace(RECIPE, method=method, alpha=4, rate=1e-6, steps=2)  # weighed otherwise
    finetune(tiny, LESSONS, other, "second", second.append, base=find_adapter("first"))
    assert second[-1].loss < 0.5 < 2 < first[0].loss


def test_an_adapter_that_cannot_be_gone_on_from_is_one_line(tiny: Path) -> None:
    finetune(tiny, LESSONS, replace(RECIPE, steps=1), "base", lambda progress: None)
    base = find_adapter("base")
    assert base is not None
    assert rank_of(base) == RECIPE.rank

    def goes_on(match: str) -> None:
        with pytest.raises(ModelError, match=match):
            finetune(tiny, LESSONS, other, "next", lambda progress: None, base=base)

    other = replace(RECIPE, rank=RECIPE.rank + 1)
    goes_on("has the shape .* add: --afresh")
    other = RECIPE
    finetune(tiny, LESSONS, Recipe("prefix", steps=1), "base", lambda progress: None)
    assert rank_of(base) == 0
    goes_on("no adapter that a training of this model could go on from")
    whole = base.read_bytes()
    for damaged in (b"GGUF", whole[: len(whole) // 2], b""):
        base.write_bytes(damaged)
        goes_on(".")


def test_a_checkpoint_of_other_work_is_refused_unless_it_is_to_begin_anew(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "CHECKPOINT_S", 0.0)
    with pytest.raises(Killed):
        train(tiny, "aaaa", until=2)
    other = Recipe(**{**vars(RECIPE), "rate": 0.01, "steps": 2})
    with pytest.raises(ModelError, match=r"of other lessons, settings .*--restart"):
        train(tiny, "aaaa", other)
    finetune(tiny, LESSONS, other, "aaaa", lambda progress: None, restart=True)


def test_a_damaged_checkpoint_is_one_line(tiny: Path) -> None:
    path = checkpoint_of("aaaa")
    path.parent.mkdir(parents=True)
    write_checkpoint(path, State("work"), {"now.x": torch.zeros(2)})
    whole = path.read_bytes()
    for damaged in (
        b"",
        whole[:40],
        b"\xff" * 99,
        whole.replace(b"step", b"stop"),
    ):
        assert damaged != whole
        path.write_bytes(damaged)
        with pytest.raises(ModelError, match=r"cannot be read.*--restart") as error:
            read_checkpoint(path)
        assert "\n" not in str(error.value)


def test_it_ends_when_what_is_held_back_gains_no_more_and_keeps_the_best(tiny: Path) -> None:
    # Answers without any rule: what is learnt of the others makes those held back less likely.
    random = np.random.default_rng(0)
    noise = [Lesson((HumanMessage(f"{n}?"),), random.bytes(4).hex(), str(n)) for n in range(24)]
    recipe = Recipe(
        rank=8, rate=0.02, steps=500, lessons=8, held_back=0.3, looks=250, patience=2,
        precision="float32",
    )  # fmt: skip
    progress: list[Progress] = []
    trained = finetune(tiny, noise, recipe, "noise", progress.append)
    assert trained.steps < 500
    assert trained.held is not None
    seen = [each.held for each in progress if each.held is not None]
    assert trained.held == pytest.approx(min(seen))
    assert trained.best_step < trained.steps


def test_too_few_lessons_a_path_as_a_name_and_a_rate_too_high_are_one_line(tiny: Path) -> None:
    def nothing(progress: Progress) -> None: ...

    with pytest.raises(ModelError, match="0 lessons are too few to learn from, 16 more are too"):
        finetune(tiny, LESSONS, Recipe(longest=10), "a", nothing)
    for name in ("../up", "a/b", "", ".", "..", "a\nb"):
        with pytest.raises(ModelError, match="is no name for an adapter"):
            finetune(tiny, LESSONS, RECIPE, name, nothing)
    with pytest.raises(ModelError, match="the learning rate 1e\\+30 is too high"):
        finetune(tiny, LESSONS, Recipe(rate=1e30, steps=9, held_back=0), "a", nothing)


def test_a_missing_package_is_named_with_the_command_that_installs_it(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r'Run: pip install "peft>=0.21" "accelerate>=1"'):
        finetune(tiny, LESSONS, RECIPE, "a", lambda progress: None)


def test_ctrl_c_ends_it_with_the_checkpoint_of_the_last_step(tiny: Path) -> None:
    def on_progress(progress: Progress) -> None:
        if progress.step == 3:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        finetune(tiny, LESSONS, RECIPE, "aaaa", on_progress)
    found = read_checkpoint(checkpoint_of("aaaa"))
    assert found is not None
    assert found[0].step == 3
    assert train(tiny, "aaaa") == train(tiny, "bbbb")


def test_a_second_ctrl_c_does_not_wait() -> None:
    with interrupted() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.wait(5)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_the_rate_rises_in_a_line_and_falls_to_nothing() -> None:
    paces = [pace(step, 100, 0.1) for step in range(100)]
    assert paces[:10] == pytest.approx([n / 10 for n in range(1, 11)])
    assert paces[10:] == sorted(paces[10:], reverse=True)
    assert max(paces) == 1.0
    assert 0 < paces[-1] < 0.01
    assert all(0 < pace(step, 1, 0.5) <= 1 for step in range(1))
