"""Where characters of a PDF page stand on its picture, as boxes around the words of each line.

It knows PDFium's text pages; it does not know which words are wanted, nor how the page is drawn.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterable, Sequence

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from ingest.load.drawn import Box
from ingest.load.pdf_words import characters_of
from ingest.load.placing import Letters, Span, place

MAX_CHARACTERS = 200_000
"""Of a page, or of its text: of more, nothing is looked for. A page of newsprint has 30,000."""

_MOST_BOXES = 500  # on one page: a page full of tiny print has as many lines
_UNIT = 50.0  # parts of a point
_LARGEST = 1e6  # parts of a page's longer side: PDFium answers in whole numbers of C
_ASIDE = 2.5  # of the line's height: a wider gap parts two boxes, as between cells
_SAME_LINE = 0.5  # of the lower height that two boxes of a line have in common
_TALLEST = 6.0  # of a letter's own height: fonts may claim lines of any height


def boxes_of(page: pdfium.PdfPage, text: str, spans: Sequence[Span]) -> list[list[Box]]:
    """For each span of the page's text as the library has it, the boxes around its words.

    A box is left, top, right and bottom as shares of the page as it is shown, 0 to 1; those of a
    span are in reading order. None for words that cannot be found, and for those off the page.
    """
    textpage = page.get_textpage()
    try:
        if max(len(text), textpage.count_chars()) > MAX_CHARACTERS:
            return [[] for _ in spans]
        known, drawn = Letters.of(text), Letters.of(characters_of(textpage))
        sheet = _Sheet(page, textpage)
        return [sheet.boxes(place(span, known, drawn)) for span in spans]
    finally:
        textpage.close()


class _Sheet:
    """The page as it is shown: turned, cropped, downwards."""

    def __init__(self, page: pdfium.PdfPage, textpage: pdfium.PdfTextPage) -> None:
        self._page, self._text = page.raw, textpage.raw
        width, height = page.get_size()
        unit = min(_UNIT, _LARGEST / max(width, height, 1.0))
        self._width, self._height = (max(round(unit * side), 1) for side in (width, height))
        self._quarters = page.get_rotation() // 90
        self._loose, self._tight = raw.FS_RECTF(), [ctypes.c_double() for _ in range(4)]
        self._x, self._y = ctypes.c_int(), ctypes.c_int()

    def boxes(self, spans: Iterable[Span]) -> list[Box]:
        """The boxes around the characters of some spans."""
        found: list[Box] = []
        for start, end in spans:
            line: Box | None = None
            upright = self._is_upright(start)
            for index in range(start, end):
                box = self._box(index)
                if box is None:
                    continue
                if line is not None and _goes_on(line, box, upright):
                    line = _around(line, box)
                    continue
                if line is not None:
                    found.append(line)
                line = box
            if line is not None:
                found.append(line)
        shown = (self._share(box) for box in found[:_MOST_BOXES])
        return [box for box in shown if box[0] < box[2] and box[1] < box[3]]

    def _box(self, index: int) -> Box | None:
        """A character's place; None for a space and for what has none."""
        left, right, bottom, top = (ctypes.byref(value) for value in self._tight)
        if not raw.FPDFText_GetCharBox(self._text, index, left, right, bottom, top):
            return None
        x0, x1, y0, y1 = (value.value for value in self._tight)
        if not all(map(math.isfinite, (x0, x1, y0, y1))) or x0 >= x1 or y0 >= y1:
            return None
        tight = self._seen(x0, y0, x1, y1)
        loose = self._loose
        if not raw.FPDFText_GetLooseCharBox(self._text, index, loose):
            return tight
        return _sane(self._seen(loose.left, loose.bottom, loose.right, loose.top), tight)

    def _seen(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        one, other = self._point(x0, y0), self._point(x1, y1)
        return (
            min(one[0], other[0]),
            min(one[1], other[1]),
            max(one[0], other[0]),
            max(one[1], other[1]),
        )

    def _point(self, x: float, y: float) -> tuple[float, float]:
        raw.FPDF_PageToDevice(
            self._page, 0, 0, self._width, self._height, 0, x, y, self._x, self._y
        )
        return self._x.value, self._y.value

    def _share(self, box: Box) -> Box:
        x0, y0, x1, y1 = box
        return (
            max(x0 / self._width, 0.0),
            max(y0 / self._height, 0.0),
            min(x1 / self._width, 1.0),
            min(y1 / self._height, 1.0),
        )

    def _is_upright(self, index: int) -> bool:
        angle = raw.FPDFText_GetCharAngle(self._text, index)
        return (round(max(angle, 0.0) / (math.pi / 2)) + self._quarters) % 2 == 0


def _sane(full: Box, tight: Box) -> Box:
    """A letter's part of its line, or just the letter where its font claims absurd heights."""
    x0, y0, x1, y1 = full
    wide, high = tight[2] - tight[0], tight[3] - tight[1]
    larger = _TALLEST * max(wide, high)
    return full if 0 < x1 - x0 <= larger and 0 < y1 - y0 <= larger else tight


def _goes_on(line: Box, box: Box, upright: bool) -> bool:
    """Whether a letter stands in the line that the letters before it stand in."""
    if not upright:
        line, box = _turned(line), _turned(box)
    height = min(line[3] - line[1], box[3] - box[1])
    shared = min(line[3], box[3]) - max(line[1], box[1])
    gap = max(box[0] - line[2], line[0] - box[2])
    return shared >= _SAME_LINE * height and gap <= _ASIDE * height


def _turned(box: Box) -> Box:
    return box[1], box[0], box[3], box[2]


def _around(one: Box, other: Box) -> Box:
    return (
        min(one[0], other[0]),
        min(one[1], other[1]),
        max(one[2], other[2]),
        max(one[3], other[3]),
    )
