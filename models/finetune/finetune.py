"""From lessons to an adapter that the engine loads by name."""

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path

from models.adapters import adapters_folder
from models.card import read_card
from models.engine.identity import fingerprint
from models.engine.model import Model
from models.errors import ModelError
from models.finetune.lesson import Lesson
from models.finetune.packages import check_packages
from models.finetune.progress import OnProgress, interrupted
from models.finetune.recipe import Recipe
from models.finetune.trees import Tree, grow, held_apart
from models.settings import get_settings
from models.weights import SUFFIX

FEWEST = 8  # lessons
# What a learnt beginning starts from, over and over until it is long enough.
START = (
    "Answer in the passage's own words, as short as can be, in the question's language. "
    "请用段落里的原话简短回答。 If the passage does not say it, say so. "
)


@dataclass(frozen=True)
class Trained:
    """An adapter, and what came of the training.

    `held` is the loss on what was held back, `exact` the share of its answers that would be
    written word for word; None if nothing was.
    """

    path: Path
    lessons: int
    held_lessons: int
    left_out: int
    steps: int
    best_step: int
    held: float | None
    exact: float | None
    seconds: float


def checkpoint_of(name: str) -> Path:
    """Where a training that was stopped left off."""
    return get_settings().cache.expanduser() / "finetune" / name / "checkpoint.safetensors"


def finetune(
    weights: Path,
    lessons: Sequence[Lesson],
    recipe: Recipe,
    name: str,
    on_progress: OnProgress,
    *,
    base: Path | None = None,
    restart: bool = False,
) -> Trained:
    """Train an adapter for a GGUF model and put it into the cache's folder `adapters`.

    The methods "lora" and "qlora" go on from the adapter `base`, of the same rank, if there is one.

    A training of that name which was stopped or killed goes on where it was, unless it is to
    `restart`. Processes that accelerate launched share the work; the first one writes and calls
    `on_progress`. Raises ModelError, or KeyboardInterrupt with the checkpoint kept.
    """
    check_packages(recipe.method)
    card = read_card(weights)
    target = adapter_file(name)
    kept, held = held_apart(lessons, recipe)
    vocabulary = Model(weights, gpu_layers=0)
    trees, left_out = grow(vocabulary, kept, recipe.longest)
    held_trees, held_left_out = grow(vocabulary, held, recipe.longest)
    start = list(islice(cycle(vocabulary.tokenize(START)), recipe.tokens))
    vocabulary.close()
    left_out += held_left_out
    count, held_count = _lessons(trees), _lessons(held_trees)
    if count < FEWEST:
        raise ModelError(
            f"{count} lessons are too few to learn from, {left_out} more are too long: "
            f"at least {FEWEST} of at most {recipe.longest} tokens are needed"
        )
    from models.finetune.export import write_adapter, write_beginning
    from models.finetune.learnt import LearntPrefix, LearntPrompt
    from models.finetune.processes import Processes
    from models.finetune.trainable import Trainable, as_array
    from models.finetune.training import Training

    checkpoint = checkpoint_of(name)
    processes = Processes()
    if restart and processes.first:
        shutil.rmtree(checkpoint.parent, ignore_errors=True)
    processes.wait()
    with _threads(), interrupted() as stop:
        model = Trainable(weights, recipe, start, base, processes)
        work = _digest([weights, *([base] if base else [])], recipe, trees, held_trees)
        training = Training(model, recipe, trees, held_trees, checkpoint, work, processes)
        found = training.run(on_progress, stop)
        model.train(False)
        if isinstance(model.learnt, LearntPrompt | LearntPrefix):
            keys, values = map(as_array, model.learnt.keys_and_values(found))
            if processes.first:
                write_beginning(target, keys, values, card)
        elif processes.first:
            arrays = {name: as_array(tensor) for name, tensor in found.items()}
            write_adapter(target, arrays, recipe.alpha, card)
    if processes.first:
        shutil.rmtree(checkpoint.parent, ignore_errors=True)
    processes.wait()  # until the file is there
    state = training.state
    return Trained(
        path=target,
        lessons=count,
        held_lessons=held_count,
        left_out=left_out,
        steps=state.step,
        best_step=state.best_step if held_trees else state.step,
        held=state.held if held_trees else None,
        exact=state.exact if held_trees else None,
        seconds=state.seconds,
    )


def adapter_file(name: str) -> Path:
    """Where an adapter of that name goes. Raises ModelError for what is no plain name."""
    if not name or not name.isprintable() or name.startswith(".") or Path(name).name != name:
        raise ModelError(f"{name!r} is no name for an adapter: give one without a path")
    return adapters_folder() / f"{name}{SUFFIX}"


def _lessons(trees: Sequence[Tree]) -> int:
    return sum(len(tree.branches) for tree in trees)


def _digest(
    files: Sequence[Path], recipe: Recipe, trees: Sequence[Tree], held: Sequence[Tree]
) -> str:
    digest = hashlib.sha256(b"".join(map(fingerprint, files)))
    digest.update(repr(asdict(recipe)).encode())
    for tree in (*trees, *held):
        digest.update(repr(tree).encode())
    return digest.hexdigest()


@contextmanager
def _threads() -> Iterator[None]:
    """As many threads as the settings say, until it ends."""
    import torch

    before = torch.get_num_threads()
    if wanted := get_settings().threads:
        torch.set_num_threads(wanted)
    try:
        yield
    finally:
        torch.set_num_threads(before)
