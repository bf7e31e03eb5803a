"""Files to pages, pages to chunks, chunks to a library that can be searched."""

from typing import TYPE_CHECKING

from ingest.document import Document
from ingest.errors import DocumentError, FileChanged, FileGone, LibraryError
from ingest.filter import Filter
from ingest.library import Library
from ingest.load.drawn import PageImage
from ingest.page import Page
from ingest.page_images import has_images, page_image
from ingest.progress import Progress
from ingest.rebuild import rebuild
from ingest.report import Failure, SyncReport
from ingest.sync import sync
from ingest.upload import add_upload

if TYPE_CHECKING:
    from ingest.vector_store import LibraryVectorStore

__all__ = [
    "Document",
    "DocumentError",
    "Failure",
    "FileChanged",
    "FileGone",
    "Filter",
    "Library",
    "LibraryError",
    "LibraryVectorStore",
    "Page",
    "PageImage",
    "Progress",
    "SyncReport",
    "add_upload",
    "has_images",
    "page_image",
    "rebuild",
    "sync",
]


def __getattr__(name: str) -> object:
    if name == "LibraryVectorStore":  # at first use: most of LangChain comes with it
        from ingest.vector_store import LibraryVectorStore

        return LibraryVectorStore
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
