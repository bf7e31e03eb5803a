"""The sample documents that come with Kvasir, so that the first question has something to find."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ingest import Document

FOLDER = Path(__file__).resolve().parent / "samples"


def is_sample(source: str) -> bool:
    """Whether a document came from the folder of samples."""
    return Path(source).is_relative_to(FOLDER)


def has_samples(documents: Iterable[Document]) -> bool:
    """Whether any readable document is a sample."""
    return any(document.status == "ok" and is_sample(document.source) for document in documents)
