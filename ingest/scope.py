"""What a sync is about, and what it would do: files on the disk against documents in the library.

It reads no file's contents but to hash it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ingest.document import Document
from ingest.files import Listing, hash_file, list_files, under_any
from ingest.library import Library
from ingest.report import Failure, SyncReport


@dataclass
class Scope:
    """What a sync is about: the files that are there, and the library's documents that are not."""

    listing: Listing
    vanished: list[Document]


def scope_of(library: Library, tops: list[Path], only: Collection[Path] | None) -> Scope:
    """What is under the paths, or what of that is under one of `only`.

    Documents from where the disk cannot be looked at are not taken for vanished.
    """
    listing = list_files(tops, passing_over=library.folder, only=only)
    is_given, is_wanted = under_any(tops), under_any(tops if only is None else only)
    present = {str(path) for path in listing.files}
    is_unknown = under_any(Path(failure.source) for failure in listing.unreadable)
    vanished = [
        source
        for source in library.store.sources("path")
        if source not in present
        and is_given(source)
        and is_wanted(source)
        and not is_unknown(source)
    ]
    found = (library.store.document(source) for source in vanished)
    return Scope(listing, [document for document in found if document is not None])


def foresee(library: Library, scope: Scope) -> SyncReport:
    """What a sync would report, but for files that turn out to be unreadable."""
    report = SyncReport(
        removed=[document.source for document in scope.vanished],
        failed=scope.listing.unreadable,
        passed_over=dict(scope.listing.passed_over),
    )
    for path in scope.listing.files:
        known = library.store.document(str(path))
        try:
            same = known is not None and known.hash == hash_file(path)
        except OSError as error:
            report.failed.append(Failure(str(path), f"cannot be read: {error.strerror}"))
            continue
        if known is not None and same and known.status == "failed":
            report.failed.append(Failure(str(path), known.error))
        elif known is None or known.status == "failed":
            report.added.append(str(path))
        else:
            (report.unchanged if same else report.updated).append(str(path))
    return report
