"""How a parser's complaint about a broken file is put to people."""

from pathlib import Path

from ingest.errors import DocumentError
from ingest.load.characters import one_line

_LONGEST = 160  # characters of another library's message


def damaged(what: str, error: Exception, path: Path) -> DocumentError:
    """The error to raise `from` a library's: one line, without the path, which the caller knows."""
    message = one_line(str(error).partition("\n")[0].replace(str(path), "it"))
    return DocumentError(f"damaged: not readable as {what} ({message[:_LONGEST] or 'no reason'})")
