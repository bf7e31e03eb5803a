"""The training loop: steps over trees, looks at what is held back, checkpoints.

Every process runs it alike, each on its share of a step's trees.
"""

import math
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from models.errors import ModelError
from models.finetune.batch import make_batch
from models.finetune.checkpoint import State, read_checkpoint, write_checkpoint
from models.finetune.descent import descent
from models.finetune.processes import Processes
from models.finetune.progress import OnProgress, Progress
from models.finetune.recipe import Recipe
from models.finetune.trainable import Trainable
from models.finetune.trees import Tree, dealt, rounds

CHECKPOINT_S = 120.0


class Training:
    """One training, from its checkpoint if there is one. `run` it once."""

    def __init__(
        self,
        model: Trainable,
        recipe: Recipe,
        trees: Sequence[Tree],
        held: Sequence[Tree],
        checkpoint: Path,
        work: str,
        processes: Processes,
    ) -> None:
        self._model = model
        self._recipe = recipe
        self._trees = trees
        self._held = held
        self._checkpoint = checkpoint
        self._processes = processes
        self.state = State(work)
        self._last: tuple[float, float] | None = None  # loss and exactness as last looked at
        self._best = {name: weight.detach().clone() for name, weight in model.weights.items()}
        per_round = len(next(rounds(trees, recipe), []))
        self.steps = recipe.steps or max(1, round(recipe.epochs * per_round))
        self._every = max(1, self.steps // recipe.looks)
        self._stop = threading.Event()
        moments = self._resume()  # first: DeepSpeed takes the weights as they are
        self._descent = descent(model, recipe.learning_rate, processes)
        if self.state.step:
            self._descent.take_up(moments, self.state.step, self.state.scale)

    def run(self, on_progress: OnProgress, stop: threading.Event) -> dict[str, Tensor]:
        """The adapter's best weights. Raises KeyboardInterrupt, with a checkpoint, once stopped."""
        self._stop = stop
        first, tokens, before = self.state.step, 0, self.state.seconds
        began = saved = time.monotonic()
        for trees in islice(_steps(self._trees, self._recipe), first, self.steps):
            self._look()
            if self._over:
                break
            tokens += self._step(trees)
            now = time.monotonic()
            self.state.seconds = before + now - began
            if self._processes.any(now - saved > CHECKPOINT_S):
                self._save()
                saved = now
            if self._processes.first:
                on_progress(self._progress(first, now - began, tokens))
        self._look()
        self._save()
        found = self._best if self._held else self._descent.weights()
        return {name: weight.to(self._model.device) for name, weight in found.items()}

    def _go_on(self) -> None:
        """Between two batches: raises KeyboardInterrupt, with the last whole step kept."""
        if self._processes.any(self._stop.is_set()):
            self._save()
            raise KeyboardInterrupt

    @property
    def _over(self) -> bool:
        return bool(self._held) and self.state.stale >= self._recipe.patience

    # ---- a step

    def _step(self, trees: Sequence[Tree]) -> int:
        """Learn from these trees; how many tokens were read."""
        recipe, state, ours = self._recipe, self.state, self._processes
        chance = recipe.seed * 1_000_003 + state.step  # of dropout: the same when resumed
        torch.manual_seed(chance + (ours.number << 40))
        learnt = sum(branch.learnt for tree in trees for branch in tree.branches)
        total, read = 0.0, 0.0
        parts = dealt(trees, recipe.batch_tokens, ours.number, ours.count)
        for place, (part, counts) in enumerate(parts, 1):
            batch = make_batch(part, self._model.device)
            logits = self._descent.logits(batch)
            loss = cross_entropy(logits, batch.targets, reduction="sum") * counts
            self._descent.backward(loss / learnt, last=place == len(parts))
            total += float(loss.detach())
            read += batch.size * counts
            self._go_on()
        total, read = ours.total(total, read)
        if not math.isfinite(total):
            raise ModelError(
                f"the loss is {total} after {state.step} steps: the learning rate "
                f"{recipe.learning_rate} is too high"
            )
        self._descent.step(recipe.learning_rate * pace(state.step, self.steps, recipe.warmup))
        mean = total / learnt
        state.loss = 0.9 * state.loss + 0.1 * mean if state.step else mean
        state.step += 1
        return int(read)

    def _look(self) -> None:
        """Where it is due, see how well what is held back is foretold; keep the best weights."""
        state = self.state
        due = state.step % self._every == 0 or state.step == self.steps
        if not self._held or not due or state.looked == state.step:
            return
        self._last = self._foretold()
        state.looked = state.step
        if self._last[0] < state.held:
            (state.held, state.exact), state.best_step, state.stale = self._last, state.step, 0
            for name, weight in self._descent.weights().items():
                self._best[name].copy_(weight.detach())
        else:
            state.stale += 1

    def _foretold(self) -> tuple[float, float]:
        """Of what is held back, the mean loss per answer token, and the share of answers whose
        every token is likeliest.
        """
        ours = self._processes
        self._descent.train(False)
        loss, count, exact, lessons = 0.0, 0.0, 0.0, 0.0
        with torch.no_grad():
            for part, counts in dealt(
                self._held, self._recipe.batch_tokens, ours.number, ours.count
            ):
                batch = make_batch(part, self._model.device)
                logits = self._descent.logits(batch)
                if counts:
                    loss += float(cross_entropy(logits, batch.targets, reduction="sum"))
                    count += len(batch.targets)
                    wrong = batch.lessons[logits.argmax(-1) != batch.targets]
                    here = int(batch.lessons[-1]) + 1
                    lessons += here
                    exact += here - len(wrong.unique())
                self._go_on()
        self._descent.train()
        loss, count, exact, lessons = ours.total(loss, count, exact, lessons)
        return loss / count, exact / lessons

    def _progress(self, first: int, seconds: float, tokens: int) -> Progress:
        held, exact = self._last or (None, None)
        each = seconds / (self.state.step - first)
        left = 0.0 if self._over else each * (self.steps - self.state.step)
        rate = tokens / seconds
        return Progress(self.state.step, self.steps, self.state.loss, held, exact, rate, left)

    # ---- the checkpoint

    def _save(self) -> None:
        self.state.scale = self._descent.scale
        tensors = self._descent.moments()
        for name, weight in self._descent.weights().items():
            tensors[f"now.{name}"] = weight
            tensors[f"best.{name}"] = self._best[name]
        if self._processes.first:
            write_checkpoint(self._checkpoint, self.state, tensors)
        self._processes.wait()  # who ends before it is written ends the others

    def _resume(self) -> dict[str, Tensor]:
        """Take up the checkpoint, if there is one; the moments of its steps."""
        found = read_checkpoint(self._checkpoint)
        if not self._processes.alike(f"{found and found[0].step} {self.state.work}"):
            raise ModelError(
                "the processes do not see the same lessons and checkpoint: give all of them the "
                "same files and KVASIR_CACHE"
            )
        if found is None:
            return {}
        state, tensors = found
        kinds: dict[str, dict[str, Tensor]] = {
            "now": dict(self._model.weights),
            "best": self._best,
        }
        names = {f"{kind}.{name}" for kind, weights in kinds.items() for name in weights}
        if state.work != self.state.work or not names <= tensors.keys():
            raise ModelError(
                f"the checkpoint {self._checkpoint} is of other lessons, settings or another "
                "model. To begin anew, add: --restart"
            )
        self.state = state
        if state.held < math.inf:
            self._last = (state.held, state.exact)
        with torch.no_grad():
            for kind, weights in kinds.items():
                for name, weight in weights.items():
                    weight.copy_(tensors.pop(f"{kind}.{name}"))
        return tensors


def pace(step: int, steps: int, warmup: float) -> float:
    """The share of the learning rate at a step: up in a line, down in half a cosine."""
    rising = max(1, round(warmup * steps))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))


def _steps(trees: Sequence[Tree], recipe: Recipe) -> Iterator[list[Tree]]:
    for steps in rounds(trees, recipe):
        yield from steps
