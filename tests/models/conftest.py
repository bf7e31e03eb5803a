"""The bundled model and embedder, loaded once for all tests of models."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from models import loaded
from models.bundled import CHAT_MODEL, EMBEDDER, bundled_chat_model
from models.chat_model import KvasirChat
from models.embeddings import KvasirEmbeddings
from models.engine.engine import Engine
from models.engine.model import Model
from models.loaded import shared_engine
from models.settings import PREFIX, Settings, get_settings

# One thread, here and for torch: two wait for each other wherever something else runs, too.
ENVIRONMENT = {"KVASIR_THREADS": "1", "KVASIR_CONTEXT": "2048"}


def _set(patch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in Settings.model_fields.keys() - {"cache"}:
        patch.delenv(PREFIX + name.upper(), raising=False)
    for name, value in ENVIRONMENT.items():
        patch.setenv(name, value)
    patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    patch.chdir(folder)
    get_settings.cache_clear()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working directory: empty, with the settings of these tests and nobody's kvasir.toml."""
    _set(monkeypatch, tmp_path)
    yield tmp_path
    get_settings.cache_clear()


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`setting(MODEL="…")` sets KVASIR_MODEL for the test."""

    def change(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"KVASIR_{name}", str(value))
        get_settings.cache_clear()

    return change


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The engine that `chat` runs on, too."""
    with pytest.MonkeyPatch.context() as patch:
        _set(patch, tmp_path_factory.mktemp("engine"))
        loaded = shared_engine(bundled_chat_model())
    get_settings.cache_clear()
    return loaded


@pytest.fixture
def vocabulary(engine: Engine) -> Model:
    return engine.model


@pytest.fixture
def chat(engine: Engine, folder: Path, setting: Callable[..., None]) -> KvasirChat:
    """The bundled model, with a cache of its own: no test reads what another has computed."""
    setting(CACHE=folder / "cache")
    return KvasirChat(model=CHAT_MODEL, max_tokens=12)


@pytest.fixture
def short(
    engine: Engine, setting: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    """An engine with 512 tokens of context, which all chat models find until the test ends."""
    monkeypatch.setattr(loaded, "_engines", dict(loaded._engines))
    setting(CONTEXT=512)
    own = shared_engine(bundled_chat_model())
    assert own is not engine
    yield own
    own.close()


@pytest.fixture(scope="session")
def embedder() -> KvasirEmbeddings:
    torch.set_num_threads(1)
    loaded = KvasirEmbeddings(EMBEDDER, dtype="float32")
    assert loaded.dimensions
    return loaded
