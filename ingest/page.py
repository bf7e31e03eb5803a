"""What a parser hands over: the pages of one document, as text.

It does not know files, chunks or databases.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

BEFORE = -1


@dataclass(frozen=True)
class Heading:
    """A heading inside a page's text: where its line starts, its level from 1, its words.

    One that stands on an earlier page, and goes on over this one, starts at BEFORE.
    """

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


def continued(pages: Iterable[Page]) -> Iterator[Page]:
    """The pages of a text that runs on: each begins under the headings the last ended under."""
    path: list[Heading] = []
    for page in pages:
        above = (Heading(BEFORE, heading.level, heading.title) for heading in path)
        yield replace(page, headings=(*above, *page.headings))
        for heading in page.headings:
            path = [*(outer for outer in path if outer.level < heading.level), heading]
