"""The model in use, read from its own GGUF file into torch, with what a method learns beside it.

transformers dequantizes the file, so that what is trained is what runs. It knows no lessons.
"""

import contextlib
import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.card import Card, read_card
from models.errors import ModelError, first_line
from models.finetune.base import read_adapter
from models.finetune.batch import Batch
from models.finetune.four_bits import in_four_bits
from models.finetune.learnt import Learnt, LearntPrefix, LearntPrompt, LowRank
from models.finetune.processes import Processes
from models.finetune.recipe import Recipe
from models.gguf_header import read_header
from models.hushed import hush

# Whose tensors have names and an order of rows that were compared with the engine's logits.
ARCHITECTURES = ("llama",)
LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
FACTORS = "rope_freqs.weight"  # by which each pair turns slower, as in Llama 3.1
_NATIVE_BFLOAT16 = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")


class Trainable(nn.Module):
    """A frozen model and what the recipe's method learns beside it.

    `start` are tokens that a learnt beginning starts from, `base` the LoRA adapter that another
    starts from; `processes` say where it is to be. Raises ModelError where the model cannot be
    trained.
    """

    def __init__(
        self,
        path: Path,
        recipe: Recipe,
        start: Sequence[int] = (),
        base: Path | None = None,
        processes: Processes | None = None,
    ) -> None:
        super().__init__()
        processes = processes or Processes()
        _check(recipe, processes.zero)
        self.device = processes.device
        self.precision = quickest(self.device) if recipe.precision == "auto" else recipe.precision
        if processes.zero and self.precision == "float16":
            self.precision = "float32"  # DeepSpeed scales no loss of numbers that it did not cast
        self._kind: torch.dtype = getattr(torch, self.precision)
        # At ZeRO's stage 3 the device need not hold all of it: DeepSpeed brings it there in parts.
        self.model = _read(path).to("cpu" if processes.zero == 3 else self.device)
        torch.manual_seed(recipe.seed)
        if recipe.method == "prompt":
            self.learnt: Learnt = LearntPrompt(self.model, start)
        elif recipe.method == "prefix":
            self.learnt = LearntPrefix(self.model, start)
        else:
            if recipe.method == "qlora":
                in_four_bits(self.model, LINEAR, self._kind)
            self.learnt = _low_rank(self.model, recipe)
            if base:
                _go_on_from(base, self.learnt.weights, recipe, read_card(path))
        if recipe.less_memory:
            with _renamed():
                self.model.gradient_checkpointing_enable({"use_reentrant": False})
        self.weights = self.learnt.weights
        for name, weight in self.weights.items():
            if "." not in name:  # it stands before prompts, in no layer
                self.register_parameter(name, weight)
        self.train()

    def forward(self, batch: Batch) -> Tensor:
        """What the model foretells at the batch's places, shape (targets, vocabulary), float32.

        The output layer is applied there alone: of all that is computed, it costs most.
        """
        rows, columns = batch.places
        with torch.autocast(self.device.type, self._kind, enabled=self.precision != "float32"):
            inputs = self.learnt.inputs(batch, self._kind)
            states = self.model.model(**inputs, use_cache=False).last_hidden_state
            found: Tensor = self.model.lm_head(states[rows, columns + self.learnt.width])
        return found.float()


def _check(recipe: Recipe, zero: int) -> None:
    """Raises ModelError for what does not go together."""
    if recipe.method == "prefix" and recipe.less_memory:
        raise ModelError(
            "prefix tuning cannot compute twice what it would remember: leave out "
            "--less-memory, or use --method prompt"
        )
    if recipe.method == "qlora" and zero == 3:
        raise ModelError(
            "DeepSpeed's ZeRO-3 cannot divide weights of 4 bits among processes: use --method "
            "lora, or ZeRO-2"
        )


def _low_rank(model: Any, recipe: Recipe) -> LowRank:
    """LoRA's matrices, which are put beside the model's linear layers."""
    hush()
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=recipe.dropout,
        target_modules=LINEAR,
    )
    with _renamed():
        adapted = get_peft_model(model, config)
    weights = {
        _plain(name): weight for name, weight in adapted.named_parameters() if weight.requires_grad
    }
    return LowRank(weights)


@contextlib.contextmanager
def _renamed() -> Iterator[None]:
    """For what transformers has renamed, and peft and its older versions have not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def _go_on_from(base: Path, weights: Mapping[str, Tensor], recipe: Recipe, card: Card) -> None:
    shapes = {name: tuple(weight.shape) for name, weight in weights.items()}
    found = read_adapter(base, shapes, recipe.alpha, card)
    with torch.no_grad():
        for name, weight in weights.items():
            weight.copy_(torch.from_numpy(found[name]))


def quickest(device: torch.device) -> str:
    """What this device computes quickest with, of what trains as well."""
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(False) else "float16"
    if device.type != "cpu":
        return "float32"
    # 1.6 times as quick as float32 where there are instructions for it, emulated where not.
    native = any(
        test() for name in _NATIVE_BFLOAT16 if (test := getattr(torch.cpu, name, None)) is not None
    )
    return "bfloat16" if native else "float32"


def as_array(tensor: Tensor) -> np.ndarray:
    """A weight's numbers, float32."""
    numbers: np.ndarray = tensor.detach().float().cpu().numpy()
    return numbers


def _plain(name: str) -> str:
    """A weight's name without what peft puts around it."""
    return name.removeprefix("base_model.model.").replace(".default", "")


def _read(path: Path) -> Any:
    """The model of a GGUF file in float32, frozen."""
    card = read_card(path)  # says what is wrong with a file that is no model
    if card.architecture not in ARCHITECTURES or card.parts > 1 or card.experts:
        raise ModelError(
            f"{path.name} cannot be fine-tuned: it is a model of the kind {card.architecture!r} "
            f"in {card.parts} file(s) with {card.experts} experts; a plain "
            f"{' or '.join(ARCHITECTURES)} in one file can"
        )
    import transformers

    try:
        # Its progress bars cannot be turned off.
        with contextlib.redirect_stderr(io.StringIO()):
            model = transformers.AutoModelForCausalLM.from_pretrained(
                str(path.parent), gguf_file=path.name, dtype=torch.float32, local_files_only=True
            )
    except (OSError, ValueError, KeyError, RuntimeError, NotImplementedError) as error:
        raise ModelError(f"{path} cannot be read for training: {first_line(error)}") from error
    _stretch(model.model.rotary_emb, card)
    return model.requires_grad_(False)


def _stretch(rotation: nn.Module, card: Card) -> None:
    """Slow RoPE down as the file says: transformers does not read that."""
    rope = card.attention.rope
    if rope.scaling not in ("none", "linear", "by frequency"):
        raise ModelError(
            f"{card.path.name} cannot be fine-tuned: its RoPE is scaled by {rope.scaling!r}"
        )
    frequencies = rotation.get_buffer("inv_freq")
    if rope.scaling == "linear":
        frequencies /= rope.factor or 1.0
    if any(tensor.name == FACTORS for tensor in read_header(card.path).tensors):
        from gguf import GGUFReader

        factors = next(t.data for t in GGUFReader(card.path).tensors if t.name == FACTORS)
        frequencies /= torch.from_numpy(factors.copy())
