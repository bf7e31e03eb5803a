"""Where a training stands, in one file: a kill at any instant costs the time since it was written.

Tensors as safetensors, the rest as JSON in that file's own metadata: nothing in it is ever run.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from torch import Tensor

from models.errors import ModelError, first_line


@dataclass
class State:
    """What is known beside the weights. `held` is the loss on what is held back, at the best."""

    work: str  # the digest of recipe, lessons and model
    step: int = 0
    looked: int = -1  # the step at which what is held back was last looked at
    best_step: int = 0
    held: float = float("inf")
    exact: float = 0.0
    stale: int = 0
    loss: float = 0.0
    seconds: float = 0.0
    scale: float = 65536.0  # of the loss, where numbers are float16


def write_checkpoint(path: Path, state: State, tensors: dict[str, Tensor]) -> None:
    """Replace the checkpoint, whole or not at all. Raises ModelError."""
    from safetensors.torch import save_file

    draft = path.with_name(f".{path.name}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        save_file(plain, draft, {"state": json.dumps(asdict(state))})
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise ModelError(f"{path} cannot be written: {error.strerror or error}") from error


def read_checkpoint(path: Path) -> tuple[State, dict[str, Tensor]] | None:
    """The checkpoint, None if there is none. Raises ModelError if it cannot be used."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            given = json.loads((file.metadata() or {})["state"])
            state = State(**given)
            if not _sound(state):
                raise ValueError("its numbers make no sense")
            return state, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"the checkpoint {path} cannot be read ({first_line(error)}). "
            "To begin anew, add: --restart"
        ) from error


def _sound(state: State) -> bool:
    kinds = {name: type(value) for name, value in asdict(State("")).items()}
    alike = all(
        isinstance(value, (int, float) if kinds[name] is float else kinds[name])
        for name, value in asdict(state).items()
    )
    return alike and state.step >= 0
