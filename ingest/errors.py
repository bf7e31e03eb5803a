"""What goes wrong with libraries and documents, in one line each (the tree is in models.errors)."""

from models.errors import KvasirError


class LibraryError(KvasirError):
    """A library cannot be opened, written or searched."""


class DocumentError(KvasirError):
    """One file cannot be read. A sync reports it and goes on with the next."""
