"""A page being written: lines, blank lines between blocks, headings at exact offsets."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from ingest.load.characters import clean, one_line
from ingest.page import Heading, Page


class Draft:
    """Collects the lines of one page; every offset it hands out is one into the page's text."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._gap = False
        self._headings: list[Heading] = []

    @property
    def is_blank(self) -> bool:
        return not self._parts

    @property
    def headings(self) -> list[Heading]:
        return self._headings

    def gap(self) -> None:
        """Leave a blank line before whatever comes next."""
        self._gap = True

    def line(self, text: str) -> None:
        """Add one line; blank ones are dropped."""
        self._add(one_line(text))

    def block(self, text: str, find: Callable[[str], Iterable[Heading]] | None = None) -> None:
        """Add text that keeps its own lines and indentation, as a block of its own.

        `find` finds the headings inside it.
        """
        kept = "\n".join(line.rstrip() for line in clean(text).split("\n")).strip("\n")
        if kept.strip():
            self.gap()
            start = self._add(kept)
            for heading in find(kept) if find else ():
                self._headings.append(replace(heading, start=start + heading.start))
            self.gap()

    def heading(self, level: int, title: str) -> None:
        """Add a heading as a line of its own, levels counting from 1."""
        title = one_line(title)
        if not title:
            return
        self.gap()
        start = self._add(title)
        self._headings.append(Heading(start, level, title))
        self.gap()

    def table(self, lines: list[str]) -> None:
        """Add a table's rows, a blank line before and after."""
        self.gap()
        for line in lines:
            self.line(line)
        self.gap()

    def page(self, number: int, label: str = "") -> Page:
        """The page as written so far."""
        return Page(number, "".join(self._parts), one_line(label), tuple(self._headings))

    def _add(self, text: str) -> int:
        if not text:
            return self._length
        if self._parts:
            separator = "\n\n" if self._gap else "\n"
            self._parts.append(separator)
            self._length += len(separator)
        start = self._length
        self._parts.append(text)
        self._length += len(text)
        self._gap = False
        return start
