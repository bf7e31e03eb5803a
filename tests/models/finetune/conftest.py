"""A LLaMA of two layers and a vocabulary of bytes, which learns a few answers in a second."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

from tiny_models import write_llama


@pytest.fixture(autouse=True)
def cache(folder: Path, setting: Callable[..., None]) -> Iterator[Path]:
    """The cache's folder: empty; and one thread for torch, whatever else runs here."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    setting(CACHE=folder / "cache")
    yield folder / "cache"
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("tiny") / "tiny.gguf")
