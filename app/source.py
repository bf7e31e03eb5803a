"""The source that is open beside a chat: the passage, the page it is turned to, and its picture.

It does not know how it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from app.job import Job
from app.opened import Opened
from ingest import Library, PageImage, page_image
from models.errors import KvasirError

_LOOKS = count(1)


class Picture(Job):
    """Has a page drawn as its file shows it; `trouble` says afterwards why there is none."""

    def __init__(
        self, library: Library, source: str, number: int, spans: Sequence[tuple[int, int]]
    ) -> None:
        super().__init__()
        self._library = library
        self._asked = (source, number, tuple(spans))
        self.image: PageImage | None = None
        self.trouble: KvasirError | None = None

    def work(self) -> None:
        source, number, spans = self._asked
        try:
            self.image = page_image(self._library, source, number, spans)
        except KvasirError as error:
            self.trouble = error


@dataclass
class Source:
    """`number` is the page it is turned to, from 1; None for what has no pages.

    `look` is another number whenever the cited words should be brought into sight anew.
    """

    opened: Opened
    number: int | None = None
    look: int = field(default_factory=lambda: next(_LOOKS))
    _pictures: dict[int, Picture] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.number = self.number or self.opened.page

    @property
    def at_passage(self) -> bool:
        """Whether the page it is turned to is the passage's own."""
        return self.number == self.opened.page

    def turn(self, number: int) -> None:
        """Turn to another page."""
        self.number = number
        self.look_again()

    def look_again(self) -> None:
        """Bring the cited words into sight in the next run of the page."""
        self.look = next(_LOOKS)

    def picture(self, library: Library, number: int, spans: Sequence[tuple[int, int]]) -> Picture:
        """The picture of a page, begun when it is first asked for; one at a time is kept."""
        if number not in self._pictures:
            self._pictures = {number: Picture(library, self.opened.source, number, spans)}
            self._pictures[number].start()
        return self._pictures[number]
