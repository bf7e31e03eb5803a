"""The training loop: steps over trees, looks at what is held back, checkpoints."""

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from models.errors import ModelError
from models.finetune.batch import make_batch
from models.finetune.checkpoint import State, read_checkpoint, write_checkpoint
from models.finetune.progress import OnProgress, Progress
from models.finetune.recipe import Recipe
from models.finetune.trainable import Trainable
from models.finetune.trees import Tree, packed, rounds

CHECKPOINT_S = 120.0
CLIP = 1.0  # the gradients' norm, at most


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
    ) -> None:
        self._model = model
        self._recipe = recipe
        self._trees = trees
        self._held = held
        self._checkpoint = checkpoint
        self._optimizer = torch.optim.AdamW(model.weights.values(), lr=recipe.learning_rate)
        self.state = State(work)
        self._best = {name: weight.detach().clone() for name, weight in model.weights.items()}
        per_round = len(next(rounds(trees, recipe), []))
        self.steps = recipe.steps or max(1, round(recipe.epochs * per_round))
        self._every = max(1, self.steps // recipe.looks)
        self._scaler = torch.amp.GradScaler(model.device.type, enabled=model.precision == "float16")
        self._stop = threading.Event()
        self._last: tuple[float, float] | None = None  # loss and exactness as last looked at

    def run(self, on_progress: OnProgress, stop: threading.Event) -> dict[str, Tensor]:
        """The adapter's best weights. Raises KeyboardInterrupt, with a checkpoint, once stopped."""
        self._stop = stop
        self._resume()
        first, tokens, before = self.state.step, 0, self.state.seconds
        began = saved = time.monotonic()
        for trees in islice(_steps(self._trees, self._recipe), first, self.steps):
            self._look()
            if self._over:
                break
            tokens += self._step(trees)
            now = time.monotonic()
            self.state.seconds = before + now - began
            if now - saved > CHECKPOINT_S:
                self._save()
                saved = now
            on_progress(self._progress(first, now - began, tokens))
        self._look()
        self._save()
        return self._best if self._held else dict(self._model.weights)

    def _go_on(self) -> None:
        """Between two batches: raises KeyboardInterrupt, with the last whole step kept."""
        if self._stop.is_set():
            self._optimizer.zero_grad()
            self._save()
            raise KeyboardInterrupt

    @property
    def _over(self) -> bool:
        return bool(self._held) and self.state.stale >= self._recipe.patience

    # ---- a step

    def _step(self, trees: Sequence[Tree]) -> int:
        """Learn from these trees; how many tokens were read."""
        recipe, state = self._recipe, self.state
        torch.manual_seed(recipe.seed * 1_000_003 + state.step)  # dropout, the same when resumed
        for group in self._optimizer.param_groups:
            group["lr"] = recipe.learning_rate * pace(state.step, self.steps, recipe.warmup)
        learnt = sum(branch.learnt for tree in trees for branch in tree.branches)
        total, read = 0.0, 0
        for part in packed(trees, recipe.batch_tokens):
            batch = make_batch(part, self._model.device)
            loss = cross_entropy(self._model.logits(batch), batch.targets, reduction="sum")
            self._scaler.scale(loss / learnt).backward()
            total += float(loss.detach())
            read += batch.size
            self._go_on()
        if not math.isfinite(total):
            raise ModelError(
                f"the loss is {total} after {state.step} steps: the learning rate "
                f"{recipe.learning_rate} is too high"
            )
        self._scaler.unscale_(self._optimizer)
        torch.nn.utils.clip_grad_norm_(self._model.weights.values(), CLIP)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._optimizer.zero_grad()
        mean = total / learnt
        state.loss = 0.9 * state.loss + 0.1 * mean if state.step else mean
        state.step += 1
        return read

    def _look(self) -> None:
        """Where it is due, see how well what is held back is foretold; keep the best weights."""
        state = self.state
        due = state.step % self._every == 0 or state.step == self.steps
        if not self._held or not due or state.looked == state.step:
            return
        self._last = evaluate(self._model, self._held, self._recipe, self._go_on)
        state.looked = state.step
        if self._last[0] < state.held:
            (state.held, state.exact), state.best_step, state.stale = self._last, state.step, 0
            for name, weight in self._model.weights.items():
                self._best[name].copy_(weight.detach())
        else:
            state.stale += 1

    def _progress(self, first: int, seconds: float, tokens: int) -> Progress:
        held, exact = self._last or (None, None)
        each = seconds / (self.state.step - first)
        left = 0.0 if self._over else each * (self.steps - self.state.step)
        rate = tokens / seconds
        return Progress(self.state.step, self.steps, self.state.loss, held, exact, rate, left)

    # ---- the checkpoint

    def _save(self) -> None:
        self.state.scale = self._scaler.get_scale()
        tensors: dict[str, Tensor] = {}
        for name, weight in self._model.weights.items():
            moments = self._optimizer.state.get(weight) or {}
            tensors[f"now.{name}"] = weight
            tensors[f"best.{name}"] = self._best[name]
            tensors[f"first.{name}"] = moments.get("exp_avg", torch.zeros_like(weight))
            tensors[f"second.{name}"] = moments.get("exp_avg_sq", torch.zeros_like(weight))
        write_checkpoint(self._checkpoint, self.state, tensors)

    def _resume(self) -> None:
        found = read_checkpoint(self._checkpoint)
        if found is None:
            return
        state, tensors = found
        names = {f"now.{name}" for name in self._model.weights}
        if state.work != self.state.work or not names <= tensors.keys():
            raise ModelError(
                f"the checkpoint {self._checkpoint} is of other lessons, settings or another "
                "model. To begin anew, add: --restart"
            )
        self.state = state
        if state.held < math.inf:
            self._last = (state.held, state.exact)
        with torch.no_grad():
            for name, weight in self._model.weights.items():
                weight.copy_(tensors[f"now.{name}"])
                self._best[name].copy_(tensors[f"best.{name}"])
                if state.step:
                    self._optimizer.state[weight] = {
                        "step": torch.tensor(float(state.step)),
                        "exp_avg": tensors[f"first.{name}"].to(weight.device),
                        "exp_avg_sq": tensors[f"second.{name}"].to(weight.device),
                    }
        if self._scaler.is_enabled():
            self._scaler.load_state_dict({**self._scaler.state_dict(), "scale": state.scale})


def evaluate(
    model: Trainable, trees: Sequence[Tree], recipe: Recipe, go_on: Callable[[], None]
) -> tuple[float, float]:
    """The mean loss per answer token, and the share of answers whose every token is likeliest.

    `go_on` is called between batches, and may raise.
    """
    model.train(False)
    total, count, exact, lessons = 0.0, 0, 0, 0
    with torch.no_grad():
        for part in packed(trees, recipe.batch_tokens):
            batch = make_batch(part, model.device)
            logits = model.logits(batch)
            total += float(cross_entropy(logits, batch.targets, reduction="sum"))
            count += len(batch.targets)
            wrong = batch.lessons[logits.argmax(-1) != batch.targets]
            here = int(batch.lessons[-1]) + 1
            lessons += here
            exact += here - len(wrong.unique())
            go_on()
    model.train()
    return total / count, exact / lessons


def pace(step: int, steps: int, warmup: float) -> float:
    """The share of the learning rate at a step: up in a line, down in half a cosine."""
    rising = max(1, round(warmup * steps))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))


def _steps(trees: Sequence[Tree], recipe: Recipe) -> Iterator[list[Tree]]:
    for steps in rounds(trees, recipe):
        yield from steps
