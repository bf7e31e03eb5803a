"""What a parser hands over: the pages of one document, as text.

It does not know files, chunks or databases.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Heading:
    """A heading inside a page's text: where its line starts, its level from 1, its words."""

    start: int
    level: int
    title: str


@dataclass(frozen=True)
class Page:
    """One page of a document.

    `number` counts from 1. `label` is what a citation calls the page: "3" for a PDF's third page,
    a sheet's or chapter's name, or "" where the format has no pages. `headings` are in the order
    of their `start`.
    """

    number: int
    text: str
    label: str = ""
    headings: tuple[Heading, ...] = field(default=())
