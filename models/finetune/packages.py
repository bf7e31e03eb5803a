"""The packages that only fine-tuning needs: an extra of Kvasir's own."""

from importlib.util import find_spec

from models.errors import ModelError
from models.finetune.launch import wants_deepspeed
from models.finetune.recipe import Method

NEEDED = {"peft": "peft>=0.21", "accelerate": "accelerate>=1"}
FOUR_BITS = {"bitsandbytes": "bitsandbytes>=0.50"}  # for QLoRA alone
ZERO = {"deepspeed": "deepspeed>=0.19"}  # where accelerate's configuration asks for it


def check_packages(method: Method = "lora") -> None:
    """Raises ModelError, with the command that installs them, where they are missing."""
    needed = NEEDED | (FOUR_BITS if method == "qlora" else {}) | (ZERO if wants_deepspeed() else {})
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        wanted = " ".join(f'"{needed[name]}"' for name in missing)
        verb = "is" if len(missing) == 1 else "are"
        raise ModelError(
            f"fine-tuning needs {' and '.join(missing)}, which {verb} not installed. "
            f"Run: pip install {wanted}"
        )
