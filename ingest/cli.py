"""`python ingest`: keeping a library equal to folders, from a terminal.

Exit codes: 0 all well, 1 some inputs failed, 2 unusable arguments or library, 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.errors import LibraryError
from ingest.report import SyncReport
from models.errors import KvasirError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.library import Library

ALL_WELL, SOME_FAILED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    chosen = [arguments.status, arguments.rebuild, bool(arguments.remove), bool(arguments.paths)]
    if sum(chosen) != 1:
        parser.error("give either paths, or one of --status, --remove SOURCE, --rebuild")
    if arguments.dry_run and not arguments.paths:
        parser.error("--dry-run goes with paths")
    try:
        return _run(arguments)
    except KvasirError as error:
        print(f"kvasir: {error}", file=sys.stderr)
        if arguments.json:
            _print_json({"error": str(error)})
        return UNUSABLE
    except KeyboardInterrupt:
        print("kvasir: interrupted; what was done is kept, run it again to go on", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python ingest",
        description="Make the library hold what lies under the paths, as it is on disk.",
        epilog="Exit codes: 0 all well, 1 some files failed, 2 unusable arguments or library.",
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="a file or a folder")
    parser.add_argument("--library", metavar="DIR", help="the library's folder")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, only")
    parser.add_argument("--status", action="store_true", help="show what is in the library")
    parser.add_argument("--remove", metavar="SOURCE", help="take one document out")
    parser.add_argument("--rebuild", action="store_true", help="split and embed everything anew")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    from ingest.library import Library, library_folder
    from ingest.sync import check_paths

    folder = library_folder(arguments.library)
    exists = (folder / "library.db").exists()
    if arguments.paths:
        if not exists:  # a mistyped path should not leave an empty library behind
            check_paths([], arguments.paths)
        with _folder_for(folder, exists, arguments.dry_run) as place, Library(place) as library:
            return _sync(library, arguments)
    if not exists:
        raise LibraryError(f"there is no library in {folder}. Make one with: python ingest PATH")
    with Library(folder, any_embedder=True) as library:
        if arguments.status:
            return _status(library, arguments.json)
        if arguments.rebuild:
            return _rebuild(library, arguments.json)
        return _remove(library, arguments.remove, arguments.json)


@contextmanager
def _folder_for(folder: Path, exists: bool, dry_run: bool) -> Iterator[Path]:
    """The library's folder; for a dry run without a library, an empty one that is thrown away."""
    with tempfile.TemporaryDirectory() if dry_run and not exists else nullcontext(folder) as place:
        yield Path(place)


def _sync(library: Library, arguments: argparse.Namespace) -> int:
    from ingest.progress_bar import progress_bar
    from ingest.sync import sync

    with progress_bar(shown=not arguments.json) as progress:
        report = sync(library, arguments.paths, progress=progress, dry_run=arguments.dry_run)
    if arguments.json:
        _print_json(report.as_dict())
    else:
        _print_report(report, arguments.paths, arguments.dry_run)
    return SOME_FAILED if report.failed else ALL_WELL


def _print_report(report: SyncReport, paths: list[str], dry_run: bool) -> None:
    counts = {
        "added": len(report.added),
        "updated": len(report.updated),
        "removed": len(report.removed),
        "unchanged": len(report.unchanged),
        "failed": len(report.failed),
    }
    if not any(counts.values()):
        verb = "holds" if len(paths) == 1 else "hold"
        print(f"nothing to ingest: {', '.join(paths)} {verb} no files")
        return
    if dry_run:
        for kind in ("added", "updated", "removed"):
            for source in getattr(report, kind):
                print(f"{kind:8} {source}")
    said = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    print(f"would be: {said}" if dry_run else said)
    for failure in report.failed:
        print(f"failed   {failure.source}: {failure.reason}")


def _status(library: Library, as_json: bool) -> int:
    status, documents = library.status(), library.documents()
    if as_json:
        sources = [
            {
                "source": d.source,
                "origin": d.origin,
                "title": d.title,
                "format": d.format,
                "size": d.size,
                "pages": d.pages,
                "chunks": d.chunks,
                "status": d.status,
                "error": d.error,
                "added_at": d.added_at,
            }
            for d in documents
        ]
        _print_json({**status, "sources": sources})
        return ALL_WELL
    for d in documents:
        held = f"{_count(d.pages, 'page')}, {_count(d.chunks, 'chunk')}"
        what = held if d.status == "ok" else f"failed: {d.error}"
        print(f"{d.source}  ({what})")
    print(
        f"{status['library']}: {_count(status['documents'], 'document')} "
        f"({status['failed']} failed), "
        f"{_count(status['pages'], 'page')}, {_count(status['chunks'], 'chunk')}, "
        f"{status['bytes'] / 1e6:.1f} MB, embedder {status['embedder'] or 'not chosen yet'}"
    )
    return ALL_WELL


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _rebuild(library: Library, as_json: bool) -> int:
    from ingest.progress_bar import progress_bar
    from ingest.rebuild import rebuild

    with progress_bar(shown=not as_json) as progress:
        sources = rebuild(library, progress)
    if as_json:
        _print_json(SyncReport(updated=sources).as_dict())
    else:
        print(f"{len(sources)} documents rebuilt with {library.embedder.name}")
    return ALL_WELL


def _remove(library: Library, source: str, as_json: bool) -> int:
    document = library.document(source)
    if document is None or not library.remove(document.source):
        raise LibraryError(
            f"{source} is not in the library {library.folder}. "
            f"See: python ingest --status --library {library.folder}"
        )
    if as_json:
        _print_json(SyncReport(removed=[document.source]).as_dict())
    else:
        print(f"removed {document.source}")
    return ALL_WELL


def _print_json(shown: dict[str, Any]) -> None:
    print(json.dumps(shown, ensure_ascii=False, indent=1))
