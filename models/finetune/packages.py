"""The packages that only fine-tuning needs: an extra of Kvasir's own."""

from importlib.util import find_spec

from models.errors import ModelError

NEEDED = {"peft": "peft>=0.21", "accelerate": "accelerate>=1"}


def check_packages() -> None:
    """Raises ModelError, with the command that installs them, where they are missing."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        wanted = " ".join(f'"{NEEDED[name]}"' for name in missing)
        verb = "is" if len(missing) == 1 else "are"
        raise ModelError(
            f"fine-tuning needs {' and '.join(missing)}, which {verb} not installed. "
            f"Run: pip install {wanted}"
        )
