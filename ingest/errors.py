"""What goes wrong with libraries and documents, in one line each (the tree is in models.errors)."""

from models.errors import KvasirError


class LibraryError(KvasirError):
    """A library cannot be opened, written or searched."""


class DocumentError(KvasirError):
    """One file cannot be read. A sync reports it and goes on with the next."""


class FileGone(DocumentError):
    """A document's file is not where it was read, or was never kept."""


class FileChanged(DocumentError):
    """A document's file is not any more what was read."""
