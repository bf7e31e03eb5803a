"""AdamW on what a model learns, over all processes: backward, step, and what a step remembers.

Losses are sums, weighed so that the gradients of all processes add up to those of one that had
read everything. It knows no lessons and writes no files.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from models.errors import ModelError
from models.finetune.batch import Batch
from models.finetune.processes import Processes
from models.finetune.trainable import Trainable

CLIP = 1.0  # the gradients' norm, at most
MOMENTS = {"first": "exp_avg", "second": "exp_avg_sq"}  # as a checkpoint and AdamW name them


class Descent:
    """Each process has all weights and takes the same steps.

    `logits` are those of `model`, to be had through here alone.
    """

    def __init__(self, model: Trainable, rate: float, processes: Processes) -> None:
        self.logits: Callable[[Batch], Tensor] = model
        self._model = model
        self._processes = processes
        self._optimizer = torch.optim.AdamW(model.weights.values(), lr=rate)
        self._scaler = torch.amp.GradScaler(model.device.type, enabled=model.precision == "float16")
        processes.spread(list(model.weights.values()))

    def train(self, mode: bool = True) -> None:
        """Whether dropout is on."""
        self._model.train(mode)

    def backward(self, loss: Tensor, *, last: bool) -> None:
        """Add up gradients. Every process calls it equally often, `last` before a step."""
        self._scaler.scale(loss).backward()

    def step(self, rate: float) -> None:
        """One of AdamW with this learning rate, after which there are no gradients."""
        self._set(rate)
        self._processes.add_up(list(self._model.weights.values()))
        self._scaler.unscale_(self._optimizer)
        torch.nn.utils.clip_grad_norm_(self._model.weights.values(), CLIP)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._optimizer.zero_grad()

    def weights(self) -> dict[str, Tensor]:
        """What was learnt so far."""
        return dict(self._model.weights)

    # ---- what steps remember

    @property
    def scale(self) -> float:
        """Of the loss, where numbers are float16."""
        return self._scaler.get_scale()

    def moments(self) -> dict[str, Tensor]:
        """AdamW's means of the gradients and of their squares, from all processes."""
        found = {}
        for name, part in self._parts().items():
            state = self._optimizer.state.get(part) or {}
            for kind, key in MOMENTS.items():
                found[f"{kind}.{name}"] = self._joined(state.get(key, torch.zeros_like(part)))
        return found

    def take_up(self, moments: dict[str, Tensor], steps: int, scale: float) -> None:
        """Go on where so many steps had led. Raises ModelError if the moments are of other work."""
        for name, part in self._parts().items():
            state = {"step": torch.tensor(float(steps))}
            for kind, key in MOMENTS.items():
                given = moments.get(f"{kind}.{name}")
                own = None if given is None else self._own(given)
                if own is None or own.shape != part.shape:
                    raise ModelError(
                        "the checkpoint was written by processes of another number or kind. To go "
                        "on from it, launch as many in the same way; to begin anew, add: --restart"
                    )
                state[key] = own.to(part.device, part.dtype)
            self._optimizer.state[part] = state
        if self._scaler.is_enabled():
            self._scaler.load_state_dict({**self._scaler.state_dict(), "scale": scale})

    def _set(self, rate: float) -> None:
        for group in self._optimizer.param_groups:
            group["lr"] = rate

    def _parts(self) -> dict[str, Tensor]:
        """What the optimizer steps on, by name."""
        return dict(self._model.weights)

    def _joined(self, own: Tensor) -> Tensor:
        return own

    def _own(self, joined: Tensor) -> Tensor:
        return joined


class PartitionedDescent(Descent):
    """By DeepSpeed: each process steps on its share of the weights, which lie flat one after
    another; at stage 3 of ZeRO it holds no more than its share of the frozen ones either.
    """

    def __init__(self, model: Trainable, rate: float, processes: Processes) -> None:
        super().__init__(model, rate, processes)
        self._engine = processes.partitioned(model, self._optimizer, CLIP)
        self.logits = self._engine

    def train(self, mode: bool = True) -> None:
        self._engine.train(mode)

    def backward(self, loss: Tensor, *, last: bool) -> None:
        self._engine.set_gradient_accumulation_boundary(last)
        self._engine.backward(loss * self._processes.count)  # it takes the gradients' mean

    def step(self, rate: float) -> None:
        self._set(rate)
        self._engine.step()

    def weights(self) -> dict[str, Tensor]:
        weights = self._model.weights
        with self._processes.whole(list(weights.values())):
            return {name: weight.detach().clone() for name, weight in weights.items()}

    def _parts(self) -> dict[str, Tensor]:
        optimizer, divided = self._engine.optimizer, self._processes.zero == 3
        names = ("fp32_partitioned_groups_flat", "single_partition_of_fp32_groups")
        return {str(n): part for n, part in enumerate(getattr(optimizer, names[not divided]))}

    def _joined(self, own: Tensor) -> Tensor:
        return self._processes.joined(own)

    def _own(self, joined: Tensor) -> Tensor:
        return joined.chunk(self._processes.count)[self._processes.number].clone()


def descent(model: Trainable, rate: float, processes: Processes) -> Descent:
    """The one that these processes need. Raises ModelError."""
    return (PartitionedDescent if processes.zero else Descent)(model, rate, processes)
