"""What a parser makes of a file."""

from dataclasses import dataclass

from ingest.page import Page


@dataclass(frozen=True)
class Loaded:
    """A document's pages, the format they came from ("pdf", "docx", …) and its title.

    The title is the document's own where it has a sane one, else the file name without its suffix.
    """

    pages: tuple[Page, ...]
    format: str
    title: str
