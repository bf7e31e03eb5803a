"""Which build of llama.cpp is installed, told without loading it."""

import hashlib
import os
from functools import lru_cache
from importlib.metadata import Distribution, PackageNotFoundError
from importlib.util import find_spec
from pathlib import Path

_FOLDER = "LLAMA_CPP_LIB_PATH"  # where llama-cpp-python looks for libraries other than its own


@lru_cache
def build() -> str:
    """llama-cpp-python's version and a digest of its libraries: "0.3.36-1f2e3d4c5b6a".

    The same version compiled for another accelerator, or by another compiler, is another build.
    "none" where it is not installed.
    """
    try:
        package = Distribution.from_name("llama-cpp-python")
    except PackageNotFoundError:
        return "none"
    libraries = [] if os.environ.get(_FOLDER) else _recorded(package)
    digest = hashlib.sha256("\n".join(libraries or _found()).encode()).hexdigest()
    return f"{package.version}-{digest[:12]}"


def _recorded(package: Distribution) -> list[str]:
    """The libraries' digests as pip wrote them down; none where it did not install them."""
    files = [file for file in package.files or [] if file.parts[:2] == ("llama_cpp", "lib")]
    return sorted(f"{file.name} {file.hash.value}" for file in files if file.hash)


def _found() -> list[str]:
    spec = find_spec("llama_cpp")
    inside = Path(spec.origin).parent / "lib" if spec and spec.origin else None
    folder = Path(os.environ[_FOLDER]) if os.environ.get(_FOLDER) else inside
    if folder is None or not folder.is_dir():
        return []
    files = ((path.name, path.stat()) for path in sorted(folder.iterdir()) if path.is_file())
    return [f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in files]
