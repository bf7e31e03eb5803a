"""What a sync did, source by source."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Failure:
    """A source that could not be read, and why, in one line."""

    source: str
    reason: str


@dataclass
class SyncReport:
    """The sources of a sync by what became of them.

    A renamed file is removed under its old path and added under its new one. `passed_over`
    counts the files that were left out on purpose, by reason.
    """

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    passed_over: dict[str, int] = field(default_factory=dict)

    def sort(self) -> None:
        """Order every list by source: files are read several at a time."""
        for sources in (self.added, self.updated, self.removed, self.unchanged):
            sources.sort()
        self.failed.sort(key=lambda failure: failure.source)

    def as_dict(self) -> dict[str, Any]:
        """The lists of sources, as `python ingest --json` prints them."""
        shown = asdict(self)
        del shown["passed_over"]
        return shown
