"""Files to pages, pages to chunks, chunks to a library that can be searched."""

from ingest.document import Document
from ingest.errors import DocumentError, LibraryError
from ingest.filter import Filter
from ingest.library import Library
from ingest.page import Page
from ingest.progress import Progress
from ingest.rebuild import rebuild
from ingest.report import Failure, SyncReport
from ingest.sync import sync
from ingest.upload import add_upload

__all__ = [
    "Document",
    "DocumentError",
    "Failure",
    "Filter",
    "Library",
    "LibraryError",
    "Page",
    "Progress",
    "SyncReport",
    "add_upload",
    "rebuild",
    "sync",
]
