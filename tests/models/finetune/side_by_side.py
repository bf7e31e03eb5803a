"""What the tests of several processes run in each of them; `colours` and `recipe` are theirs, too.

python side_by_side.py MODEL METHOD... trains an adapter `whole-METHOD` of each method, `stopped`
which is interrupted in one process alone and taken up again, and `told` by the command.
"""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from langchain_core.messages import HumanMessage

from models.cli import main
from models.errors import ModelError
from models.finetune.finetune import checkpoint_of, finetune
from models.finetune.lesson import Lesson
from models.finetune.progress import Progress
from models.finetune.recipe import Method, Recipe

ANSWERS = {"the sky": "blue", "grass": "green", "snow": "white", "blood": "red"}
RATES: dict[str, float] = {"lora": 0.02, "qlora": 0.02, "prompt": 0.3, "prefix": 0.2}


def colours() -> list[Lesson]:
    """Sixteen of them; no two trees are of one size."""
    return [
        Lesson((HumanMessage(f"{what}?{' ' * n}"),), colour, f"{what}{n}")
        for what, colour in ANSWERS.items()
        for n in range(4)
    ]


def recipe(method: Method) -> Recipe:
    """Steps of several batches in each process, and a part held back."""
    return Recipe(
        *(method, 8), rate=RATES[method], steps=8, lessons=5, batch_tokens=64,
        held_back=0.25, looks=4, patience=9, precision="float32",
    )  # fmt: skip


def stop_the_first(progress: Progress) -> None:
    """Ctrl-C in the process that tells, and in no other."""
    if progress.step == 3:
        os.kill(os.getpid(), signal.SIGINT)


def nothing(progress: Progress) -> None: ...


def run(model: Path, methods: list[Any]) -> None:
    for method in methods:
        finetune(model, colours(), recipe(method), f"whole-{method}", nothing)
    try:
        finetune(model, colours(), recipe("lora"), "stopped", stop_the_first)
    except KeyboardInterrupt:
        kept = checkpoint_of("stopped").is_file()
        say(f"stopped, kept: {kept}")
    other = replace(recipe("lora"), rate=0.01)
    try:
        finetune(model, colours(), other, "stopped", nothing)
    except ModelError as error:
        say(f"refused: {error}")
    finetune(model, colours(), recipe("lora"), "stopped", nothing)
    data = Path(os.environ["KVASIR_CACHE"]) / "colours.jsonl"
    main(["finetune", str(data), "--out", "told", "--steps", "2", "--afresh"])


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2:])
