"""Plain text, and whatever else reads as text: source code, JSON, logs."""

from pathlib import Path

from ingest.load.decode import declared_encoding, decode
from ingest.page import Page


def parse(path: Path) -> tuple[list[Page], str]:
    """One page with the text as it stands, and no title."""
    data = path.read_bytes()
    return [Page(1, decode(data, declared_encoding(data)))], ""
