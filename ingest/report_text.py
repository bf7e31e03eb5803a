"""What a sync did, or what a library holds, in lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ingest.document import Document
from ingest.files import is_under
from ingest.report import SyncReport

KINDS = ("added", "updated", "removed")

MANY = 20
"""So many sources are named one by one after a burst of changes; of more, the first ones."""


def report_lines(report: SyncReport, tops: Sequence[Path], *, dry_run: bool = False) -> list[str]:
    """The counts, what failed, and for a dry run each source that something would happen to.

    `tops` are the paths that were synced.
    """
    counts = {kind: len(getattr(report, kind)) for kind in (*KINDS, "unchanged", "failed")}
    lines = [] if not dry_run else _sources(report)
    if any(counts.values()):
        said = ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)
        lines.append(f"would be: {said}" if dry_run else said)
    else:
        verb = "holds" if len(tops) == 1 else "hold"
        lines.append(f"nothing to ingest: {', '.join(map(str, tops))} {verb} no files")
    if report.passed_over:
        lines.append(f"passed over: {_listed(report.passed_over)}")
    lines += _emptied(report, tops, dry_run)
    return lines + failure_lines(report)


def burst_lines(report: SyncReport) -> list[str]:
    """What became of a burst of changes; nothing where nothing came of it."""
    sources = _sources(report)
    more = len(sources) - MANY
    if more > 0:
        sources = [*sources[:MANY], f"and {more:,} more"]
    return sources + failure_lines(report)


def failure_lines(report: SyncReport) -> list[str]:
    """A line for each source that failed."""
    return [f"failed   {failure.source}: {failure.reason}" for failure in report.failed]


def status_lines(status: dict[str, Any], documents: Iterable[Document]) -> list[str]:
    """A line for each document, and one for the library."""
    lines = []
    for d in documents:
        held = f"{_count(d.pages, 'page')}, {_count(d.chunks, 'chunk')}"
        lines.append(f"{d.source}  ({held if d.status == 'ok' else f'failed: {d.error}'})")
    lines.append(
        f"{status['library']}: {_count(status['documents'], 'document')} "
        f"({status['failed']} failed), "
        f"{_count(status['pages'], 'page')}, {_count(status['chunks'], 'chunk')}, "
        f"{status['bytes'] / 1e6:.1f} MB, embedder {status['embedder'] or 'not chosen yet'}"
    )
    return lines


def _sources(report: SyncReport) -> list[str]:
    return [f"{kind:8} {source}" for kind in KINDS for source in getattr(report, kind)]


def _listed(passed_over: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in sorted(passed_over.items()))


def _emptied(report: SyncReport, tops: Sequence[Path], dry_run: bool) -> list[str]:
    """A line for each path that documents came from and that holds none: a drive is unplugged?"""
    there = [*report.added, *report.updated, *report.unchanged, *(f.source for f in report.failed)]
    lines = []
    for top in dict.fromkeys(tops):
        removed = sum(is_under(source, top) for source in report.removed)
        if removed and not any(is_under(source, top) for source in there):
            what = "holds no files any more" if top.exists() else "is gone"
            would = "would be" if dry_run else "were" if removed > 1 else "was"
            lines.append(f"{top} {what}: {_count(removed, 'document')} of it {would} removed")
    return lines


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
