"""The processes that train side by side, where `accelerate launch` started several.

accelerate and DeepSpeed are imported here alone. What is not told otherwise is called by all
processes at once: each waits for the others. It knows no lessons, and no weights but those it is
handed.
"""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from models.errors import ModelError, first_line
from models.finetune.launch import launched, wants_deepspeed

if TYPE_CHECKING:
    from accelerate import Accelerator

KINDS = ("NO", "MULTI_CPU", "MULTI_GPU", "DEEPSPEED")  # of accelerate's, that were thought of


class Processes:
    """All of them, this one being `number` of `count`; `zero` is DeepSpeed's stage, 0 without it.

    A program that was not launched by accelerate is alone, and accelerate is not asked anything.
    Raises ModelError where the processes cannot work together.
    """

    def __init__(self) -> None:
        self.number, self.count, self.zero = 0, 1, 0
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._accelerator = _accelerator() if launched() else None
        if self._accelerator:
            self.number = self._accelerator.process_index
            self.count = self._accelerator.num_processes
            self.device = self._accelerator.device
            plugin = self._accelerator.state.deepspeed_plugin
            self.zero = plugin.zero_stage if plugin else 0

    @property
    def first(self) -> bool:
        """Whether this is the one that tells and writes."""
        return self.number == 0

    def total(self, *numbers: float) -> list[float]:
        """Each number's sum over all processes."""
        if not self._accelerator:
            return list(numbers)
        own = torch.tensor(numbers, dtype=torch.float64, device=self.device)
        found: list[float] = self._accelerator.reduce(own, "sum").tolist()
        return found

    def any(self, fact: bool) -> bool:
        """Whether it is so in one of them."""
        return self.total(float(fact))[0] > 0

    def alike(self, text: str) -> bool:
        """Whether all of them have the same text."""
        own = torch.tensor(list(text.encode()[:256].ljust(256)), device=self.device)
        every = self.joined(own).view(-1, len(own))
        return bool((every == own).all())

    def wait(self) -> None:
        """Until all are here."""
        self.total(0.0)

    def joined(self, own: Tensor) -> Tensor:
        """The tensors of all, which have one shape, one after the other."""
        if not self._accelerator:
            return own
        found: Tensor = self._accelerator.gather(own.to(self.device))
        return found

    def spread(self, weights: Sequence[Tensor]) -> None:
        """Give the first one's weights to all."""
        if not self._accelerator:
            return
        from accelerate.utils import broadcast

        for weight in weights:
            weight.data.copy_(broadcast(weight.detach().to(self.device, copy=True)))

    def add_up(self, weights: Sequence[Tensor]) -> None:
        """Replace each weight's gradient by its sum over all processes."""
        if not self._accelerator:
            return
        own = [torch.zeros_like(w) if w.grad is None else w.grad for w in weights]
        flat = self._accelerator.reduce(torch.cat([each.flatten() for each in own]), "sum")
        sums = flat.split([weight.numel() for weight in weights])
        for weight, found in zip(weights, sums, strict=True):
            weight.grad = found.view_as(weight)

    def partitioned(self, model: nn.Module, optimizer: torch.optim.Optimizer, clip: float) -> Any:
        """DeepSpeed's engine around them, which clips gradients to this norm. Raises ModelError."""
        if not self._accelerator:
            raise ModelError("DeepSpeed is for processes that accelerate launched")
        config = self._accelerator.state.deepspeed_plugin.deepspeed_config
        config["gradient_clipping"] = clip
        with _told("DeepSpeed cannot be used"):
            if self.zero == 3:
                self._divide(model, config)
            return self._accelerator.prepare(model, optimizer)[0]

    def _divide(self, model: nn.Module, config: dict[str, Any]) -> None:
        """Weight by weight: DeepSpeed's engine would first bring all of them to the device."""
        from deepspeed import zero

        place = (config["zero_optimization"].get("offload_param") or {}).get("device", "none")
        zero.Init(
            module=model,
            dtype=torch.float32,
            remote_device=None if place == "none" else place,
            config_dict_or_path=config,
        )
        for buffer in model.buffers():
            buffer.data = buffer.data.to(self.device)

    @contextmanager
    def whole(self, weights: Sequence[Tensor]) -> Iterator[None]:
        """Within it, weights that ZeRO's stage 3 divided among the processes are whole."""
        if self.zero != 3:
            yield
            return
        from deepspeed import zero  # what accelerate has for it does nothing here

        with zero.GatheredParameters(list(weights)):
            yield


@cache  # there can be one
def _accelerator() -> "Accelerator":
    """What accelerate makes of its configuration. Raises ModelError."""
    from accelerate import Accelerator
    from accelerate.utils import DeepSpeedPlugin, InitProcessGroupKwargs

    on_cpu, zero = not torch.cuda.is_available(), wants_deepspeed()
    with _told("accelerate's processes cannot work together"):
        accelerator = Accelerator(
            cpu=on_cpu and not zero,  # DeepSpeed finds the CPU by itself
            mixed_precision="no",
            deepspeed_plugin=DeepSpeedPlugin(zero3_init_flag=False) if zero else None,
            kwargs_handlers=[InitProcessGroupKwargs(backend="gloo")] if on_cpu else None,
        )
    if accelerator.distributed_type.value not in KINDS:
        raise ModelError(
            f"processes of accelerate's kind {accelerator.distributed_type.value} cannot be used: "
            "choose multi-GPU, multi-CPU or DeepSpeed by accelerate config"
        )
    if zero:
        _settle(accelerator.state.deepspeed_plugin.deepspeed_config, accelerator.num_processes)
    return accelerator


def _settle(config: dict[str, Any], count: int) -> None:
    """Fill in what DeepSpeed's configuration leaves open, or what is the training's own affair.

    Those are what a step is, and its numbers' precision; torch's AdamW, for an adapter's few
    weights, needs nothing compiled. Raises ModelError for what cannot be.
    """
    from transformers.integrations.deepspeed import unset_hf_deepspeed_config

    logging.getLogger("DeepSpeed").setLevel(logging.ERROR)  # it warns on standard output
    warnings.filterwarnings("ignore", r".torch\.distributed\.\w+. is deprecated", FutureWarning)
    unset_hf_deepspeed_config()  # or transformers would divide a model while it reads it
    _drop_auto(config)
    config.update(
        train_batch_size=count,
        train_micro_batch_size_per_gpu=1,
        gradient_accumulation_steps=1,
        fp16={"enabled": False},
        bf16={"enabled": False},
        zero_force_ds_cpu_optimizer=False,
    )
    if (config["zero_optimization"].get("offload_optimizer") or {}).get("device") == "nvme":
        raise ModelError(
            "an adapter's optimizer has a few megabytes: set offload_optimizer_device to none or "
            "cpu in accelerate's configuration"
        )


def _drop_auto(config: dict[str, Any]) -> None:
    """DeepSpeed's own defaults stand for what accelerate was to find out."""
    for name, value in list(config.items()):
        if value == "auto":
            del config[name]
        elif isinstance(value, dict):
            _drop_auto(value)


@contextmanager
def _told(fact: str) -> Iterator[None]:
    try:
        yield
    except (ImportError, ValueError, RuntimeError, AssertionError, OSError) as error:
        raise ModelError(f"{fact}: {first_line(error)}") from error
