"""The straight lines drawn on a PDF page: what rules its tables.

It knows PDFium's page objects; it does not know text.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from ingest.load.pdf_words import turned

_THIN = 2.6  # points: the widest line that is a rule and not a bar
_SHORTEST = 4.0
_NEAR = 3.0  # points between the ends of lines that are one line
_MOST_OBJECTS = 20_000
_MOST_RULES = 1_000  # more are a drawing, not a table

Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: Matrix = (1, 0, 0, 1, 0, 0)


@dataclass(frozen=True, slots=True)
class Rule:
    """A line from `start` to `end` at `at`: across the page with `at` its height, or down it."""

    start: float
    end: float
    at: float


@dataclass(frozen=True)
class Rules:
    """A page's lines, those in the same place joined: the ones across it and the ones down it."""

    across: tuple[Rule, ...] = ()
    down: tuple[Rule, ...] = ()


def page_rules(page: pdfium.PdfPage, turn: int) -> Rules:
    """The rules of a page as seen with it turned; none where there are too many to be tables."""
    across, down = [], []
    for number, (x0, y0, x1, y1) in enumerate(_segments(page)):
        if number >= _MOST_RULES:
            return Rules()
        (x0, y0), (x1, y1) = turned(x0, y0, turn), turned(x1, y1, turn)
        x0, x1, y0, y1 = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
        if x1 - x0 > y1 - y0:
            across.append(Rule(x0, x1, (y0 + y1) / 2))
        else:
            down.append(Rule(y0, y1, (x0 + x1) / 2))
    return Rules(tuple(_joined(across)), tuple(_joined(down)))


def _joined(rules: Iterable[Rule]) -> list[Rule]:
    """The rules with those that touch in one line made one, without the tiny ones."""
    lines: list[list[Rule]] = []
    for rule in sorted(rules, key=lambda rule: rule.at):
        if lines and rule.at - lines[-1][-1].at < _THIN / 2:
            lines[-1].append(rule)
        else:
            lines.append([rule])
    found: list[Rule] = []
    for line in lines:
        line.sort(key=lambda rule: rule.start)
        start, end = line[0].start, line[0].end
        for rule in line[1:]:
            if rule.start > end + _NEAR:
                found.append(Rule(start, end, line[0].at))
                start, end = rule.start, rule.end
            end = max(end, rule.end)
        found.append(Rule(start, end, line[0].at))
    return [rule for rule in found if rule.end - rule.start >= _SHORTEST]


def _segments(page: pdfium.PdfPage) -> Iterator[tuple[float, float, float, float]]:
    count = min(raw.FPDFPage_CountObjects(page.raw), _MOST_OBJECTS)
    for index in range(count):
        item = raw.FPDFPage_GetObject(page.raw, index)
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_PATH:
            yield from _path(item, _IDENTITY)
        elif kind == raw.FPDF_PAGEOBJ_FORM:
            matrix = _matrix(item)
            inner = min(raw.FPDFFormObj_CountObjects(item), _MOST_OBJECTS)
            for place in range(inner):
                part = raw.FPDFFormObj_GetObject(item, place)
                if raw.FPDFPageObj_GetType(part) == raw.FPDF_PAGEOBJ_PATH:
                    yield from _path(part, matrix)


def _path(path: object, outer: Matrix) -> Iterator[tuple[float, float, float, float]]:
    """The straight level and upright lines of a drawn path; of a thin filled one, its middle."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(path, fill, stroke)
    if not fill.value and not stroke.value:
        return
    edges = [ctypes.c_float() for _ in range(4)]
    raw.FPDFPageObj_GetBounds(path, *edges)
    left, bottom, right, top = (edge.value for edge in edges)
    x0, y0 = _placed(left, bottom, outer)
    x1, y1 = _placed(right, top, outer)
    wide, high = abs(x1 - x0), abs(y1 - y0)
    if min(wide, high) <= _THIN:
        if high <= wide:
            yield x0, (y0 + y1) / 2, x1, (y0 + y1) / 2
        else:
            yield (x0 + x1) / 2, y0, (x0 + x1) / 2, y1
    elif stroke.value:
        yield from _edges(path, outer)


def _edges(path: object, outer: Matrix) -> Iterator[tuple[float, float, float, float]]:
    inner = _matrix(path)
    x, y = ctypes.c_float(), ctypes.c_float()
    first = last = (0.0, 0.0)
    for index in range(min(raw.FPDFPath_CountSegments(path), _MOST_RULES)):
        segment = raw.FPDFPath_GetPathSegment(path, index)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        point = _placed(*_placed(x.value, y.value, inner), outer)
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            first = point
        elif kind == raw.FPDF_SEGMENT_LINETO:
            if min(abs(point[0] - last[0]), abs(point[1] - last[1])) < 0.5:
                yield *last, *point
            closes = raw.FPDFPathSegment_GetClose(segment)
            if closes and min(abs(point[0] - first[0]), abs(point[1] - first[1])) < 0.5:
                yield *point, *first
        last = point


def _matrix(item: object) -> Matrix:
    matrix = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(item, matrix):
        return _IDENTITY
    return (matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f)


def _placed(x: float, y: float, matrix: Matrix) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f
