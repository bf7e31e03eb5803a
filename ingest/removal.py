"""Documents taken out of the library by hand: one, or all that came from a folder."""

from __future__ import annotations

from ingest.files import absolute, is_under
from ingest.kept_files import drop_files
from ingest.library import Library


def remove_all(library: Library, source: str) -> list[str]:
    """Take out a document, or those from under a path, and give their sources; [] for unknown.

    A folder that has gone from the disk is known by what the library has from it.
    """
    with library.writing():
        document = library.store.document(source)
        if document is not None:
            found = [document.source]
        else:
            top = absolute(source)
            found = [known for known in library.store.sources("path") if is_under(known, top)]
        if found:
            library.store.remove(found)
            drop_files(library)
            library.save_indexes()
    return sorted(found)
