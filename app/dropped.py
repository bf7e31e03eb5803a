"""Files as a browser gives them: alone, or out of folders with much that is no document.

It does not know Streamlit.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Protocol

from app.conversation import Delivery, File
from ingest.ignore import passed_over_by_name
from ingest.load import SUFFIXES


class Given(Protocol):
    """A file that was given: its name, with the folders that it lay in, and its bytes."""

    name: str

    def getvalue(self) -> bytes:
        """All of it."""


def delivery_of(given: Iterable[Given]) -> Delivery:
    """What is to be added, and how many files are passed over.

    A file that was given by itself is always to be added; of a folder, what is hidden or temporary
    by its name is passed over, and what is of no kind that can be read.
    """
    wanted, passed_over = [], 0
    for file in given:
        if _is_wanted(file.name):
            wanted.append(File(file.name, file.getvalue()))
        else:
            passed_over += 1
    return Delivery(wanted, passed_over=passed_over)


def _is_wanted(name: str) -> bool:
    path = PurePosixPath(name)
    if len(path.parts) < 2:
        return True
    known = path.suffix.lower() in SUFFIXES
    return known and not any(passed_over_by_name(part) for part in path.parts)
