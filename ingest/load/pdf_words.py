"""The words of a PDF page with their places, as runs: what stands side by side in a line.

It knows PDFium's text pages; it does not know columns, tables or headings. Places are in points,
from the left and downwards, as a reader sees the page who has turned it so that its text stands
upright.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from ingest.load.hyphens import BREAK

Box = tuple[float, float, float, float]

_WORD = re.compile(rf"[^\s{BREAK}\ufffe]+[{BREAK}\ufffe]?")
_WIDE_GAP = 0.8  # of the line's height: wider than a space, narrower than most gutters
_FARTHEST = 1e6  # points; PDF's own limit is 14,400
_BOLD = 600
_WEIGHT_NAME = re.compile(rb"bold|black|heavy|[-,]demi|(regular|light|thin)", re.IGNORECASE)
_OUTSIDE_IS_MOST = 0.5  # of the words: then the page's box is wrong, not the words' places


@dataclass(slots=True)
class Run:
    """Words that follow one another in a line of a PDF's text, without a wide gap.

    `base` is their baseline, `order` their place in the PDF's own order, `turn` how many quarters
    to the right the page must be turned for them to stand upright. `upright` is false where they
    stand one below the other.
    """

    text: str
    x0: float
    x1: float
    base: float
    size: float
    bold: bool
    order: int
    turn: int = 0
    upright: bool = True

    @property
    def top(self) -> float:
        return self.base - 0.8 * self.size

    @property
    def bottom(self) -> float:
        return self.base + 0.2 * self.size


def page_runs(page: pdfium.PdfPage) -> list[Run]:
    """The runs of a page, in the PDF's own order, without what lies outside the page."""
    textpage = page.get_textpage()
    try:
        reader = _Reader(textpage)
        runs = reader.runs()
    finally:
        textpage.close()
    inside = _inside(runs, page.get_bbox())
    return inside if len(inside) > _OUTSIDE_IS_MOST * len(runs) else runs


def turned(x: float, y: float, turn: int) -> tuple[float, float]:
    """A point of the PDF's own space as seen with the page turned; downwards is positive."""
    return ((x, -y), (y, x), (-x, y), (-y, -x))[turn]


def main_turn(runs: list[Run]) -> int:
    """How most of the page's text stands."""
    letters: Counter[int] = Counter()
    for run in runs:
        letters[run.turn] += len(run.text)
    return letters.most_common(1)[0][0] if letters else 0


def _inside(runs: list[Run], box: Box) -> list[Run]:
    kept = []
    for run in runs:
        left, top = turned(box[0], box[3], run.turn)
        right, bottom = turned(box[2], box[1], run.turn)
        across = min(left, right) < run.x1 and run.x0 < max(left, right)
        if across and min(top, bottom) < run.base <= max(top, bottom) + run.size:
            kept.append(run)
    return kept


def _is_sane(run: Run) -> bool:
    """Whether a run has a place and a size; damaged files give some none."""
    return 0 < run.size < _FARTHEST and all(
        abs(place) < _FARTHEST for place in (run.x0, run.x1, run.base)
    )


class _Reader:
    """Reads one text page; PDFium is asked little, since every question takes a microsecond."""

    def __init__(self, textpage: pdfium.PdfTextPage) -> None:
        self._page = textpage.raw
        self._text = characters_of(textpage)
        self._box = raw.FS_RECTF()
        self._where = ctypes.pointer(self._box)  # made once, since it is passed for every word
        self._matrix = raw.FS_MATRIX()
        self._name = ctypes.create_string_buffer(128)
        self._x, self._y = ctypes.c_double(), ctypes.c_double()

    def runs(self) -> list[Run]:
        """The page's runs; a new one starts at each line, wide gap and broken word."""
        text, found = self._text, list[Run]()
        first, end, turn = -1, -1, 0
        low = high = left = right = 0.0
        for word in _WORD.finditer(text):
            start, after = word.span()
            in_line = start - end == 1 and text[end] == " "  # nearly every word, so asked first
            if in_line or (end < start and end >= 0 and "\n" not in text[end:start]):
                x0, x1, height = self._extent(start, after - 1, turn)
                room = _WIDE_GAP * height
                beside = right - x0 <= room or x1 - left <= room  # and not one over the other
                if x0 - right <= room >= left - x1 and beside:
                    left, right, end = x0, x1, after
                    low, high = x0 if x0 < low else low, x1 if x1 > high else high
                    continue
            if first >= 0:
                found.append(self._run(first, end - 1, low, high, turn, len(found)))
            if not in_line:
                turn = self._turn(start)
                x0, x1, _ = self._extent(start, after - 1, turn)
            first, end, left, right, low, high = start, after, x0, x1, x0, x1
        if first >= 0:
            found.append(self._run(first, end - 1, low, high, turn, len(found)))
        return [run for run in found if _is_sane(run)]

    def _extent(self, first: int, last: int, turn: int) -> tuple[float, float, float]:
        """The left and right edge of a word, whichever way it runs, and its line's height."""
        box, where = self._box, self._where
        raw.FPDFText_GetLooseCharBox(self._page, first, where)
        if turn == 0:
            left, right, height = box.left, box.right, box.top - box.bottom
            if last > first:
                raw.FPDFText_GetLooseCharBox(self._page, last, where)
                x0, x1 = box.left, box.right
                left, right = x0 if x0 < left else left, x1 if x1 > right else right
            return left, right, height
        start = [box.left, box.bottom, box.right, box.top]
        raw.FPDFText_GetLooseCharBox(self._page, last, where)
        corners = (start[:2], start[2:], (box.left, box.bottom), (box.right, box.top))
        along = [turned(x, y, turn)[0] for x, y in corners]
        height = start[2] - start[0] if turn % 2 else start[3] - start[1]
        return min(along), max(along), height

    def _run(self, first: int, last: int, x0: float, x1: float, turn: int, order: int) -> Run:
        size, base = self._line(first, turn)
        last_size, last_base = self._line(last, turn)
        upright = abs(last_base - base) < 1.5 * max(size, last_size)
        if abs(last_size - size) > 0.05 * size:  # a raised figure or a large initial at one end
            size, base = self._line((first + last) // 2, turn)
        bold = self._is_bold(first) and self._is_bold(last)
        text = " ".join(self._text[first : last + 1].split())
        return Run(text, x0, x1, base, size, bold, order, turn, upright)

    def _line(self, index: int, turn: int) -> tuple[float, float]:
        """A character's size in points on the page, and its baseline."""
        matrix = self._matrix
        size = raw.FPDFText_GetFontSize(self._page, index)
        if raw.FPDFText_GetMatrix(self._page, index, matrix):
            size *= math.hypot(matrix.c, matrix.d)
        raw.FPDFText_GetCharOrigin(self._page, index, self._x, self._y)
        return size, turned(self._x.value, self._y.value, turn)[1]

    def _is_bold(self, index: int) -> bool:
        """By the font's name if it tells, else by a weight that PDFium guesses from its stems."""
        raw.FPDFText_GetFontInfo(self._page, index, self._name, len(self._name), None)
        told = _WEIGHT_NAME.search(self._name.value)
        if told:
            return told[1] is None
        return raw.FPDFText_GetFontWeight(self._page, index) >= _BOLD

    def _turn(self, index: int) -> int:
        angle = raw.FPDFText_GetCharAngle(self._page, index)
        # 3/2 pi is text that runs upwards.
        return -round(angle / (math.pi / 2)) % 4 if angle > 0 else 0


def characters_of(textpage: pdfium.PdfTextPage) -> str:
    """The page's text with exactly one character for each that PDFium counts."""
    count = textpage.count_chars()
    text = str(textpage.get_text_range(errors="replace"))
    if len(text) == count:
        return text
    codes = (raw.FPDFText_GetUnicode(textpage.raw, index) for index in range(count))
    return "".join(chr(code) if 0 < code < 0x110000 else "\x01" for code in codes)
