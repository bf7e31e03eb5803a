"""Several processes learn together what one learns alone; all here run on the CPU, by gloo."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import psutil
import pytest
from gguf import GGUFReader
from side_by_side import ANSWERS, colours, nothing, recipe

from models.adapters import find_adapter
from models.chat_template import to_prompt
from models.engine.context import Placement
from models.engine.engine import Engine
from models.engine.sampling import Sampling
from models.engine.stream import Finish
from models.errors import ModelError
from models.finetune import packages
from models.finetune.finetune import finetune
from models.finetune.processes import Processes
from models.finetune.recipe import Recipe
from models.finetune.trainable import Trainable
from models.finetune.trees import Branch, Tree, dealt, packed
from models.turns import to_turns

ROOT = Path(__file__).parents[3]
ZERO = ROOT / "models" / "finetune"
PLAIN = "--multi_gpu --num_machines 1 --mixed_precision no --dynamo_backend no".split()
PATIENCE_S = 300


def launched(*arguments: str, folder: Path) -> str:
    """What two processes said, all of which have ended; the test fails where one failed."""
    environment = {
        **os.environ,
        "CUDA_VISIBLE_DEVICES": "",
        "DS_ACCELERATOR": "cpu",
        "HF_HOME": str(folder),  # whose configuration is not asked
        "KVASIR_CACHE": str(folder),
        "KVASIR_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "accelerate.commands.launch", "--num_processes", "2"]
    command += ["--main_process_port", "0", *arguments]
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        said, _ = process.communicate(timeout=PATIENCE_S)
    finally:
        for child in _all(process.pid):
            child.kill()
        process.wait()
    assert process.returncode == 0, said
    return said


def _all(number: int) -> Iterator[psutil.Process]:
    try:
        process = psutil.Process(number)
    except psutil.NoSuchProcess:
        return
    yield from process.children(recursive=True)
    yield process


def numbers(path: Path) -> dict[str, np.ndarray]:
    return {tensor.name: tensor.data.astype(np.float32) for tensor in GGUFReader(path).tensors}


def apart(one: Path, other: Path) -> float:
    """How far two adapters' numbers are from each other at most, in parts of the largest."""
    first, second = numbers(one), numbers(other)
    assert first.keys() == second.keys()
    largest = max(float(abs(matrix).max()) for matrix in first.values())
    return max(float(abs(first[name] - second[name]).max()) for name in first) / largest


@pytest.mark.parametrize(
    ("how", "methods"),
    [
        (PLAIN, ["lora", "prefix"]),
        (["--config_file", str(ZERO / "zero2.yaml")], ["lora", "prompt", "prefix"]),
        (["--config_file", str(ZERO / "zero3.yaml")], ["lora", "prompt", "prefix"]),
    ],
    ids=["all weights in each", "ZeRO-2", "ZeRO-3 with offload"],
)
def test_two_processes_learn_what_one_learns_and_stop_and_go_on_together(
    tiny: Path, cache: Path, setting: Callable[..., None], how: list[str], methods: list[str]
) -> None:
    if "--config_file" in how and find_spec("deepspeed") is None:
        pytest.skip("needs DeepSpeed: pip install deepspeed")
    cache.mkdir()
    lines = [
        {"question": f"{word}{n}?", "passage": f"{word}{n}: {colour}", "answer": colour}
        for word, colour in ANSWERS.items()
        for n in range(3)
    ]
    (cache / "colours.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    setting(MODEL=tiny)
    worker = str(Path(__file__).with_name("side_by_side.py"))
    said = launched(*how, worker, str(tiny), *methods, folder=cache)
    adapters = cache / "adapters"
    for method in methods:
        alone = finetune(tiny, colours(), recipe(method), f"alone-{method}", nothing)
        assert alone.best_step > 2
        assert apart(alone.path, adapters / f"whole-{method}.gguf") < 2e-3
    assert said.count("stopped, kept: True") == 2
    assert said.count("refused: the checkpoint") == 2
    whole, stopped = (adapters / f"{name}.gguf" for name in ("whole-lora", "stopped"))
    assert apart(whole, stopped) == 0
    assert said.count("step 2 of 2") == 1
    assert said.count("KVASIR_ADAPTER=told") == 1
    assert (adapters / "told.gguf").is_file()
    assert not list((cache / "finetune").iterdir())
    assert log_probability(tiny, "whole-lora") > log_probability(tiny, None) + 5


def log_probability(tiny: Path, adapter: str | None) -> float:
    """Of an answer that was to be learnt, by the engine."""
    lesson = colours()[0]
    engine = Engine(tiny, Placement(context=512, threads=1))
    try:
        prompt = to_prompt(engine.model, to_turns(lesson.messages))
        answer = engine.model.tokenize(lesson.answer)
        path = find_adapter(adapter) if adapter else None
        events = engine.generate(prompt, Sampling(max_tokens=8), adapter=path, forced=answer)
        return next(e for e in events if isinstance(e, Finish)).log_probability or 0.0
    finally:
        engine.close()


def test_every_tree_is_dealt_once_in_equally_many_batches() -> None:
    random = np.random.default_rng(0)
    for count in (1, 2, 3, 8):
        for trees_count in (1, 2, 5, 40):
            sizes = random.integers(5, 90, trees_count)
            trees = [Tree((n,) * int(size), (Branch((n,), 1),)) for n, size in enumerate(sizes)]
            shares = [dealt(trees, 100, number, count) for number in range(count)]
            assert len({len(share) for share in shares}) == 1
            told = [tree for share in shares for batch, counts in share if counts for tree in batch]
            assert sorted(told, key=repr) == sorted(trees, key=repr)
            assert all(batch for share in shares for batch, _ in share)
    assert [batch for batch, _ in dealt(trees, 100, 0, 1)] == packed(trees, 100)


def test_what_accelerate_asks_for_and_cannot_be_had_is_one_line(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_RANK", "0")
    monkeypatch.setenv("ACCELERATE_USE_DEEPSPEED", "true")
    monkeypatch.setattr(packages, "find_spec", lambda name: name != "deepspeed" or None)
    with pytest.raises(ModelError, match=r'needs deepspeed, .* pip install "deepspeed>=0.19"'):
        packages.check_packages()
    monkeypatch.delenv("LOCAL_RANK")
    packages.check_packages()


def test_four_bits_are_refused_where_zero_3_would_divide_them(tiny: Path) -> None:
    processes = Processes()
    processes.zero = 3
    with pytest.raises(ModelError, match="ZeRO-3 cannot divide weights of 4 bits"):
        Trainable(tiny, Recipe("qlora"), processes=processes)
