"""What a KV blob belongs to: the model's file, the adapter's, the cache's type and the build."""

import hashlib
from functools import lru_cache
from pathlib import Path

from models.engine.backend import build
from models.engine.context import Placement

SAMPLES, SAMPLE = 64, 65536  # places of a file that are looked at, and bytes at each


def identity(weights: Path, placement: Placement) -> bytes:
    """The digest that tells apart everything whose KV differs. Raises OSError."""
    parts = [
        build(),
        fingerprint(weights).hex(),
        placement.kv_type,
        str(placement.flash_attention),
        str(placement.gpu_layers),
    ]
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).digest()


def adapted(base: bytes, adapter: str) -> bytes:
    """The identity of the same model with an adapter's file, "" for none."""
    if not adapter:
        return base
    return hashlib.blake2b(base + fingerprint(Path(adapter)), digest_size=16).digest()


def fingerprint(path: Path) -> bytes:
    """A digest of a file's size and of samples spread over it: reading all would take seconds."""
    status = path.stat()
    return _fingerprint(path, status.st_size, status.st_mtime_ns)


@lru_cache
def _fingerprint(path: Path, size: int, _changed_ns: int) -> bytes:
    digest = hashlib.blake2b(str(size).encode(), digest_size=16)
    step = max((size - SAMPLE) // (SAMPLES - 1), 1)
    with path.open("rb") as file:
        for place in range(0, max(size - SAMPLE, 0) + 1, step):
            file.seek(place)
            digest.update(file.read(SAMPLE))
        file.seek(max(size - SAMPLE, 0))
        digest.update(file.read(SAMPLE))
    return digest.digest()
