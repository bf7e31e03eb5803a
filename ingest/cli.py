"""`python ingest`: keeping a library equal to folders, from a terminal.

Exit codes: 0 all well, 1 some inputs failed, 2 unusable arguments or library, 130 interrupted.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
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
    arguments = _arguments(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a path may hold bytes that are no text
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except KvasirError as error:
        print(f"kvasir: {error}", file=sys.stderr)
        if arguments.json:
            _print_json({"error": str(error)}, in_a_line=arguments.watch)
        return UNUSABLE
    except KeyboardInterrupt:
        _end_readers()
        print("kvasir: interrupted; what was done is kept, run it again to go on", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # as for `python ingest --status | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ALL_WELL


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python ingest",
        description="Make the library hold what lies under the paths, as it is on disk.",
        epilog="Exit codes: 0 all well, 1 some files failed, 2 unusable arguments or library.",
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="a file or a folder")
    parser.add_argument("--library", metavar="DIR", help="the library's folder")
    parser.add_argument("--watch", action="store_true", help="go on as files change, until Ctrl-C")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, only")
    parser.add_argument("--status", action="store_true", help="show what is in the library")
    parser.add_argument("--doctor", action="store_true", help="check that the library is in order")
    parser.add_argument("--fix", action="store_true", help="with --doctor: mend what is not")
    parser.add_argument("--remove", metavar="SOURCE", help="take out a document, or a folder's")
    parser.add_argument("--rebuild", action="store_true", help="split and embed everything anew")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(argv)
    chosen = [given.status, given.doctor, given.rebuild, given.remove, given.paths]
    if sum(map(bool, chosen)) != 1:
        parser.error("give either paths, or one of --status, --doctor, --remove SOURCE, --rebuild")
    for option, needed, name in (
        ("watch", given.paths, "paths"),
        ("dry_run", given.paths and not given.watch, "paths and without --watch"),
        ("fix", given.doctor, "--doctor"),
    ):
        if getattr(given, option) and not needed:
            parser.error(f"--{option.replace('_', '-')} goes with {name}")
    return given


def _run(arguments: argparse.Namespace) -> int:
    from ingest.library import Library, library_folder
    from ingest.sync import check_paths

    folder = library_folder(arguments.library)
    exists = (folder / "library.db").exists()
    if arguments.paths:
        if not exists:  # a mistyped path should not leave an empty library behind
            check_paths([], arguments.paths)
        with _folder_for(folder, exists, arguments.dry_run) as place, Library(place) as library:
            return (_watch if arguments.watch else _sync)(library, arguments)
    if not exists:
        raise LibraryError(f"there is no library in {folder}. Make one with: python ingest PATH")
    with Library(folder, any_embedder=True) as library:
        if arguments.status:
            return _status(library, arguments.json)
        if arguments.doctor:
            return _doctor(library, arguments.fix, arguments.json)
        if arguments.rebuild:
            return _rebuild(library, arguments.json)
        return _remove(library, arguments.remove, arguments.json)


@contextmanager
def _folder_for(folder: Path, exists: bool, dry_run: bool) -> Iterator[Path]:
    """The library's folder; for a dry run without a library, an empty one that is thrown away."""
    with tempfile.TemporaryDirectory() if dry_run and not exists else nullcontext(folder) as place:
        yield Path(place)


def _sync(library: Library, arguments: argparse.Namespace) -> int:
    from ingest.files import absolute
    from ingest.progress_bar import progress_bar
    from ingest.report_text import report_lines
    from ingest.sync import sync

    with progress_bar(shown=not arguments.json) as progress:
        report = sync(library, arguments.paths, progress=progress, dry_run=arguments.dry_run)
    if arguments.json:
        _print_json(report.as_dict())
    else:
        tops = [absolute(path) for path in arguments.paths]
        _print_lines(report_lines(report, tops, dry_run=arguments.dry_run))
    return SOME_FAILED if report.failed else ALL_WELL


def _watch(library: Library, arguments: argparse.Namespace) -> int:
    """Sync again and again; Ctrl-C is the way to end it, so that is no failure."""
    from ingest.files import absolute
    from ingest.progress_bar import progress_bar
    from ingest.report_text import burst_lines, report_lines
    from ingest.watch import watch

    is_first = True

    def reported(report: SyncReport) -> None:
        nonlocal is_first
        if arguments.json:
            _print_json(report.as_dict(), in_a_line=True)
        elif is_first:
            _print_lines(report_lines(report, [absolute(path) for path in arguments.paths]))
            _print_lines(["watching: Ctrl-C stops"])
        else:
            _print_lines(f"{time.strftime('%H:%M:%S')} {line}" for line in burst_lines(report))
        is_first = False

    def told(trouble: str) -> None:
        print(f"kvasir: {trouble}", file=sys.stderr, flush=True)

    try:
        with progress_bar(shown=not arguments.json) as progress:
            watch(library, arguments.paths, progress=progress, reported=reported, told=told)
    except KeyboardInterrupt:
        _end_readers()
        print("kvasir: stopped watching; what was done is kept", file=sys.stderr)
    return ALL_WELL


def _status(library: Library, as_json: bool) -> int:
    from ingest.report_text import status_lines

    status, documents = library.status(), library.documents()
    if not as_json:
        _print_lines(status_lines(status, documents))
        return ALL_WELL
    shown = ("source", "origin", "title", "format", "size", "pages", "chunks", "status", "error")
    sources = [{key: getattr(d, key) for key in (*shown, "added_at")} for d in documents]
    _print_json({**status, "sources": sources})
    return ALL_WELL


def _doctor(library: Library, fix: bool, as_json: bool) -> int:
    from ingest.doctor import examine
    from ingest.mend import mend
    from ingest.progress_bar import progress_bar

    with progress_bar(shown=not as_json) as progress:
        found = left = examine(library, progress)
        if fix and found:
            mend(library, found, progress)
            left = examine(library, progress)
    if as_json:
        keys = ("check", "source", "problem")
        told = [{key: getattr(finding, key) for key in keys} for finding in left]
        _print_json({"findings": told, "mended": max(0, len(found) - len(left))})
    else:
        _print_lines(f"{f.check:8} {f.source or library.folder}: {f.problem}" for f in left)
        if len(found) > len(left):
            _print_lines([f"mended {len(found) - len(left)} of {len(found)} findings"])
        if not left:
            _print_lines([f"{library.folder} is in order"])
        elif not fix:
            _print_lines([f"To mend: python ingest --doctor --fix --library {library.folder}"])
    return SOME_FAILED if left else ALL_WELL


def _rebuild(library: Library, as_json: bool) -> int:
    from ingest.progress_bar import progress_bar
    from ingest.rebuild import rebuild

    with progress_bar(shown=not as_json) as progress:
        sources = rebuild(library, progress)
    if as_json:
        _print_json(SyncReport(updated=sources).as_dict())
    else:
        _print_lines([f"{len(sources)} documents rebuilt with {library.embedder.name}"])
    return ALL_WELL


def _remove(library: Library, source: str, as_json: bool) -> int:
    from ingest.removal import remove_all

    removed = remove_all(library, source)
    if not removed:
        raise LibraryError(
            f"{source} is not in the library {library.folder}. "
            f"See: python ingest --status --library {library.folder}"
        )
    if as_json:
        _print_json(SyncReport(removed=removed).as_dict())
    elif len(removed) == 1:
        _print_lines([f"removed {removed[0]}"])
    else:
        _print_lines([f"removed {len(removed):,} documents under {source}"])
    return ALL_WELL


def _end_readers() -> None:
    """End the parsers at once: else the program waits for the files that are being read."""
    worker = sys.modules.get("ingest.load.worker")
    while worker and any(t.name.startswith("kvasir-read") for t in threading.enumerate()):
        worker.close()
        time.sleep(0.02)


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)


def _print_json(shown: dict[str, Any], *, in_a_line: bool = False) -> None:
    indent = None if in_a_line else 1
    print(json.dumps(shown, ensure_ascii=False, indent=indent), flush=True)
