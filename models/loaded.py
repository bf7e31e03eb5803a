"""What this process has loaded: one engine for each model file and placement, one store for each
folder of blobs, however many ask.
"""

import atexit
from pathlib import Path
from threading import Lock

from models.card import read_card
from models.engine.backend import can_offload
from models.engine.blobs import BlobStore
from models.engine.context import Placement
from models.engine.engine import Engine
from models.offload import gpu_layers
from models.settings import Settings, get_settings
from models.tuning import tuned

_chosen: dict[tuple[Path, Settings], tuple[Path, Placement]] = {}
_engines: dict[tuple[Path, Placement], Engine] = {}
_stores: dict[Path, BlobStore] = {}
_lock = Lock()


def shared_engine(path: Path) -> Engine:
    """The engine for a model file, loaded at the first call. Raises ModelError.

    Where `python models tune` recorded a better file or placement for it, that is taken.
    """
    # Whatever model others are to use by now, this one's place stays what it is.
    settings = get_settings().model_copy(update={"model": "", "adapter": ""})
    asked = (path.resolve(), settings)
    with _lock:
        if asked not in _chosen:  # once: what is loaded leaves less room, and a second plan differs
            _chosen[asked] = best_placement(path)
        weights, placement = _chosen[asked]
        key = (weights.resolve(), placement)
        if key not in _engines or _engines[key].closed:
            _engines[key] = Engine(weights, placement)
        return _engines[key]


def loaded_engine(path: Path) -> Engine | None:
    """The engine of a model file, where one is loaded now; waits for none that is being loaded."""
    for (asked, _), (weights, placement) in list(_chosen.items()):
        engine = _engines.get((weights.resolve(), placement))
        if asked == path.resolve() and engine and not engine.closed:
            return engine
    return None


def close_engine(path: Path) -> None:
    """Free what is loaded of a model file: answers under way end with an error.

    Whoever asks for the engine again has it loaded anew.
    """
    with _lock:
        places = {_chosen.pop(asked) for asked in list(_chosen) if asked[0] == path.resolve()}
        keys = [(weights.resolve(), placement) for weights, placement in places]
        engines = [_engines.pop(key) for key in keys if key in _engines]
    for engine in engines:
        engine.close()


def best_placement(path: Path) -> tuple[Path, Placement]:
    """The file to run for a model, and how: by the settings, then by what was tuned."""
    settings = get_settings()
    tuning = tuned(path)
    weights = tuning.weights if tuning else path
    batch = settings.batch or (tuning.batch if tuning else Placement.batch)
    flash = settings.flash_attention
    if tuning and flash is None:
        flash = tuning.flash_attention
    placement = Placement(
        context=settings.context,
        gpu_layers=gpu_layers(read_card(weights), batch, flash) if can_offload() else 0,
        threads=settings.threads or (tuning.threads if tuning else 0),
        batch=batch,
        flash_attention=flash,
        kv_type=settings.kv_type,
    )
    return weights, placement


def shared_store(folder: Path) -> BlobStore:
    """The store of KV blobs in a folder, made at the first call."""
    folder = folder.expanduser().resolve()
    with _lock:
        if folder not in _stores:
            _stores[folder] = BlobStore(folder, int(get_settings().kv_budget))
            # At exit the last registered comes first: engines save their conversations into
            # stores that still take them.
            atexit.unregister(_close_engines)
            atexit.register(_close_engines)
        return _stores[folder]


def _close_engines() -> None:
    for engine in list(_engines.values()):
        engine.close()
