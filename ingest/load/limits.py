"""How much one document may hold. What holds more is refused in a line, never cut short."""

from collections.abc import Sequence

from ingest.errors import DocumentError
from ingest.page import Page

MAX_PAGES = 20_000  # thirty times a thick handbook
MAX_CHARACTERS = 100_000_000  # thirty times "War and Peace"
MAX_PICTURES = 2_000  # scanned pages, or pictures on pages: hours of work


def check_pages(pages: int) -> None:
    """Raise DocumentError for a document of more pages than MAX_PAGES."""
    if pages > MAX_PAGES:
        raise DocumentError(f"refused: {pages:,} pages, and {MAX_PAGES:,} are the most: split it")


def check_pictures(pictures: int) -> None:
    """Raise DocumentError for more pictures to be read than MAX_PICTURES."""
    if pictures > MAX_PICTURES:
        raise DocumentError(
            f"refused: more than {MAX_PICTURES:,} scanned pages or pictures in it: split it"
        )


def check_text(pages: Sequence[Page]) -> None:
    """Raise DocumentError for more text than MAX_CHARACTERS, or more pages than MAX_PAGES."""
    check_pages(len(pages))
    characters = sum(len(page.text) for page in pages)
    if characters > MAX_CHARACTERS:
        raise DocumentError(
            f"refused: {characters:,} characters of text, and {MAX_CHARACTERS:,} are the most: "
            "split it"
        )
