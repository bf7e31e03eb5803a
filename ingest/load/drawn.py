"""What is made of one page of a file that shows pages."""

from dataclasses import dataclass

Box = tuple[float, float, float, float]
"""Left, top, right and bottom as shares of the page as it is shown, 0 to 1."""


@dataclass(frozen=True)
class PageImage:
    """A page's picture, a JPEG, and for each span asked for the boxes around its words.

    `pages` is how many pages the file has.
    """

    data: bytes
    width: int
    height: int
    pages: int
    boxes: tuple[tuple[Box, ...], ...]
