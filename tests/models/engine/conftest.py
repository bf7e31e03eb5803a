"""The bundled model: in the oracle, packaged in an engine, and in float32 in two more."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parent))

from engine_logits import FLOAT32, USUAL, Run
from oracle import NumpyLlama

from models.bundled import bundled_chat_model
from models.engine.backend import quantize_file
from models.engine.context import Context
from models.engine.lookup import Lookup

ALL_F32 = 0  # a llama_ftype
WAYS = {"float32": (FLOAT32, 1e-5), "usual": (USUAL, 5e-3)}


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drafts are made however long they take, and whatever else runs on this machine."""
    learn = Lookup.learn

    def fast(self: Lookup, drafted: int, accepted: int, seconds: float) -> None:
        learn(self, drafted, accepted, 1e-6 if drafted else 1.0)

    monkeypatch.setattr(Lookup, "learn", fast)


@pytest.fixture(scope="session")
def oracle() -> Iterator[NumpyLlama]:
    with threadpool_limits(1, "blas"):  # two threads wait for each other on a busy machine
        yield NumpyLlama(bundled_chat_model())


@pytest.fixture(scope="module")
def packaged() -> Iterator[Context]:
    """The bundled model as it is packaged and run."""
    context = Context(bundled_chat_model(), USUAL)
    yield context
    context.close()


@pytest.fixture(scope="session")
def float32_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The bundled model with the weights that the oracle has: dequantized, 540 MB."""
    path = tmp_path_factory.mktemp("oracle") / "float32.gguf"
    quantize_file(bundled_chat_model(), path, ALL_F32, 1, lambda done, total: None)
    yield path
    path.unlink()


@pytest.fixture(scope="module", params=WAYS)
def run(request: pytest.FixtureRequest, float32_file: Path) -> Iterator[Run]:
    """The float32 file in an engine; nothing is said of what its cache holds."""
    placement, tolerance = WAYS[request.param]
    context = Context(float32_file, placement)
    yield Run(context, tolerance)
    context.close()
