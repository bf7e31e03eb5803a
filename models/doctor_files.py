"""The doctor's checks of what lies on the disk: the embedder, adapters, caches, and free space."""

import os
import shutil
from pathlib import Path

from models.adapters import adapters_folder, find_adapter, own_adapter
from models.bundled import EMBEDDER
from models.errors import ModelError, first_line
from models.finding import Finding, Findings
from models.listing import quantized_folder
from models.machine import in_units
from models.requantized import folder as tuned_folder
from models.settings import Settings

LITTLE = 1 << 30  # bytes: with less on a disk, something soon fails
_MARKS = ("modules.json", "config.json")  # what a sentence-transformers folder holds


def embedder(settings: Settings) -> Findings:
    """Whether the embedder is there."""
    from models.embeddings import find_embedder

    name, found = settings.embedder, find_embedder(settings.embedder)
    if found is None:
        if _is_cached(name):
            yield Finding(True, "embedder", f"{name}: in the hub's cache")
        else:
            yield Finding(None, "embedder", f"{name} is fetched from the hub at first use")
    elif name == EMBEDDER:
        ready = any(_converted(settings))
        state = "converted" if ready else "is converted into the cache at first use"
        yield Finding(True, "embedder", f"{name}: bundled, {state}")
    elif any((found / mark).is_file() for mark in _MARKS):
        yield Finding(True, "embedder", f"{name}: a folder")
    else:
        fact = f"{found} holds no model: neither {' nor '.join(_MARKS)}"
        yield Finding(False, "embedder", fact, "Set KVASIR_EMBEDDER")


def adapter(settings: Settings) -> Findings:
    """Whether the adapter is there: the one that is set, or the model's own."""
    if found := find_adapter(settings.adapter):
        yield Finding(True, "adapter", f"{settings.adapter}: {found}")
    elif not settings.adapter and (own := own_adapter(settings.model)):
        yield Finding(True, "adapter", f"{own.stem}: the model's own, {own}")


def disk(settings: Settings) -> Findings:
    """Whether there is room where files are kept, and whether they may be written."""
    for topic, variable, path in (
        ("cache folder", "KVASIR_CACHE", settings.cache),
        ("library folder", "KVASIR_LIBRARY", settings.library),
    ):
        path = path.expanduser()
        place = _existing(path)
        free = shutil.disk_usage(place).free
        fact = f"{in_units(free)} free for {path}"
        if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
            fact = f"{path} cannot be written: {place} is no folder of yours"
            yield Finding(False, topic, fact, f"Set {variable} to a folder")
        elif free < LITTLE:
            yield Finding(False, topic, fact, f"Make room, or set {variable} to another disk")
        else:
            yield Finding(True, topic, fact)


def kept(settings: Settings) -> Findings:
    """How large what can be computed again has become."""
    blobs = settings.library.expanduser() / "kv"
    sizes = {
        "requantized models": _size(quantized_folder()),
        "tuned copies": _size(tuned_folder()),
        "adapters": _size(adapters_folder().expanduser()),
        "the embedder": sum(map(_size, _converted(settings))),
        f"passages' KV in {blobs}": _size(blobs),
    }
    parts = [f"{what} {in_units(size)}" for what, size in sizes.items() if size]
    budget = f"KVASIR_KV_BUDGET is {in_units(int(settings.kv_budget))}"
    yield Finding(None, "kept", ", ".join([*parts, budget] if parts else ["nothing yet"]))


def _converted(settings: Settings) -> list[Path]:
    return [*settings.cache.expanduser().glob(f"{EMBEDDER}-*")]


def _is_cached(name: str) -> bool:
    from huggingface_hub import try_to_load_from_cache

    repository = name if "/" in name else f"sentence-transformers/{name}"
    try:
        return isinstance(try_to_load_from_cache(repository, "config.json"), str)
    except ValueError as error:  # no such name is possible on the hub
        raise ModelError(f"KVASIR_EMBEDDER={name}: {first_line(error)}") from error


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _size(folder: Path) -> int:
    """Bytes of all files below a folder; what vanishes meanwhile does not count."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except FileNotFoundError:
                continue
    return total
