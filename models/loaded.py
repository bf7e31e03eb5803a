"""The engines that this process runs: one for each model file and placement, however many ask."""

from pathlib import Path
from threading import Lock

from models.engine.context import Placement
from models.engine.engine import Engine
from models.settings import get_settings

_engines: dict[tuple[Path, Placement], Engine] = {}
_lock = Lock()


def shared_engine(path: Path) -> Engine:
    """The engine for a model file, loaded at the first call. Raises ModelError."""
    settings = get_settings()
    placement = Placement(settings.context, settings.gpu_layers, settings.threads)
    key = (path.resolve(), placement)
    with _lock:
        if key not in _engines:
            _engines[key] = Engine(path, placement)
        return _engines[key]
