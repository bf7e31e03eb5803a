"""The error of this package; models.errors draws the whole tree."""

from models.errors import KvasirError


class ChatsError(KvasirError):
    """The file of the conversations cannot be read or written."""
