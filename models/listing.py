"""The models at hand: what is bundled, what the cache folder holds, and the one in use."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.adapters import adapters_folder, find_adapter, own_adapter
from models.errors import ModelError
from models.gguf_header import read_header
from models.requantized import folder as tuned_folder
from models.settings import get_settings
from models.tuning import tuned
from models.weights import BUNDLED, SUFFIX, find_weights, is_on_hub, is_provider


@dataclass(frozen=True)
class Entry:
    """A model or an adapter that can be used by its name or path.

    `runs_for` is the name of the model in use if this file, tuned for it, runs in its place.
    `problem` says why it cannot be used, "" if it can.
    """

    name: str
    kind: str
    path: Path | None = None
    in_use: bool = False
    runs_for: str = ""
    problem: str = ""

    @property
    def bytes(self) -> int | None:
        """The file's size, None where there is no file."""
        try:
            return self.path.stat().st_size if self.path else None
        except OSError:  # a link that leads nowhere
            return None

    def as_json(self) -> dict[str, Any]:
        """The entry in plain types."""
        return {
            "name": self.name,
            "kind": self.kind,
            "path": str(self.path) if self.path else None,
            "bytes": self.bytes,
            "in_use": self.in_use,
            "runs_for": self.runs_for,
            "problem": self.problem,
        }


def quantized_folder() -> Path:
    """Where models lie that were requantized here."""
    return _path(get_settings().cache) / "quantized"


def models_at_hand() -> Iterator[Entry]:
    """Bundled models, requantized and tuned ones, adapters; then what is in use from elsewhere.

    Raises ModelError at the end if the model or the adapter in use is missing.
    """
    model, adapter = get_settings().model, get_settings().adapter
    bundled = [*_bundled(model)]
    yield from bundled
    requantized = [*_requantized(model)]
    yield from requantized
    adapters = [*_own_adapter(model, adapter), *_adapters(adapter)]
    yield from adapters
    if not any(entry.in_use for entry in (*bundled, *requantized)):
        yield _chosen(model)
    if (path := find_adapter(adapter)) and not any(entry.in_use for entry in adapters):
        yield Entry(adapter, "adapter", path, in_use=True)


def _bundled(chosen: str) -> Iterator[Entry]:
    for name in BUNDLED:
        yield Entry(name, "bundled", find_weights(name), in_use=name == chosen)


def _requantized(chosen: str) -> Iterator[Entry]:
    used = find_weights(chosen) if chosen in BUNDLED else _path(chosen)
    tuning = tuned(used)
    for kind, folder in (("quantized", quantized_folder()), ("tuned", tuned_folder())):
        for path in _files(folder):
            file = path.resolve()
            yield Entry(
                path.stem,
                kind,
                path,
                in_use=file == used.resolve(),
                runs_for=chosen if tuning and file == tuning.weights.resolve() else "",
                problem=_problem(path, "model"),
            )


def _own_adapter(model: str, chosen: str) -> Iterator[Entry]:
    """The one that comes with the model in use; by default it is in use, too."""
    if path := own_adapter(model):
        in_use = chosen in ("", path.stem) or _path(chosen).resolve() == path
        yield Entry(path.stem, "adapter", path, in_use, problem=_problem(path, "adapter"))


def _adapters(chosen: str) -> Iterator[Entry]:
    used = _path(chosen).resolve()
    for path in _files(_path(adapters_folder())):
        in_use = bool(chosen) and (path.stem == chosen or path.resolve() == used)
        yield Entry(path.stem, "adapter", path, in_use, problem=_problem(path, "adapter"))


def _chosen(name: str) -> Entry:
    if is_provider(name):
        return Entry(name, "provider", in_use=True)
    if is_on_hub(name):
        return Entry(name, "hub", in_use=True)
    return Entry(name, "file", find_weights(name), in_use=True)


def _files(folder: Path) -> list[Path]:
    """The GGUF files of a folder by name, none if there is no folder."""
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(SUFFIX))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ModelError(
            f"{folder} cannot be read: {error.strerror}. Set KVASIR_CACHE to another folder."
        ) from error
    return [folder / name for name in names]


def _path(name: str | Path) -> Path:
    """The path with ~ resolved, if there is such a user: Path.expanduser would raise."""
    return Path(os.path.expanduser(name))


def _problem(path: Path, wanted: str) -> str:
    """Why the file is no model or no adapter, "" if it is."""
    try:
        kind = read_header(path).text("general.type", "model")
    except ModelError as error:
        return str(error)
    return "" if kind == wanted else f"{path} holds no {wanted}: its general.type is {kind!r}"
