"""One measurement for ingest_speed.py: the peak memory of ingesting one large text.

`python ingest_memory.py MEGABYTES` prints JSON. The text is War and Peace over and over, with
other numbers in it, so that no chunk comes twice. Only the first chunks are embedded by the
model, the others get vectors of chance: their texts are what takes memory, and the model would
take the better part of an hour.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from squad import QA  # noqa: E402

from ingest import Library, sync  # noqa: E402
from models.embeddings import KvasirEmbeddings  # noqa: E402

TEXT = QA.parent / "corpus" / "en" / "war-and-peace.txt"
EMBEDDED = 256  # chunks


class Hurried(KvasirEmbeddings):
    """Embeds the first texts, and makes up the other vectors."""

    embedded = 0

    def embed_array(
        self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None
    ) -> np.ndarray:
        """As the embedder's own, but for the numbers."""
        self.embedded += len(texts)
        if self.embedded <= EMBEDDED:
            return super().embed_array(texts, progress=progress)
        vectors = np.random.default_rng(self.embedded).standard_normal(
            (len(texts), self.dimensions), np.float32
        )
        if progress:
            progress(len(texts))
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def peak_mb() -> float:
    """The most memory that this process ever had."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    # What getrusage tells begins with the parent's, from before this program took its place.
    (peak,) = re.findall(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE)
    return int(peak) / 1024


def main() -> int:
    """Ingest a text of so many megabytes, and say what it took."""
    size = int(sys.argv[1]) * 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        whole = TEXT.read_text("utf-8")
        with (folder / "large.txt").open("w", encoding="utf-8") as file:
            for turn in range(size // len(whole) + 1):
                file.write(whole[: size - turn * len(whole)].replace("Prince", f"Prince {turn}"))
        embedder = Hurried()
        embedder.embed_array(["A text of some length, to have the model at work. " * 20] * 16)
        loaded = peak_mb()
        with Library(folder / "library", embedder=embedder) as library:
            report = sync(library, [folder / "large.txt"])
            chunks = library.status()["chunks"]
        if report.failed:
            sys.exit(report.failed[0].reason)
        peak = peak_mb()
    found = {"loaded_mb": loaded, "peak_mb": peak, "chunks": chunks}
    sys.stdout.write(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
