"""PowerPoint presentations: a page per slide, its title, text, tables, charts, pictures
and notes."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pptx
from lxml import etree
from pptx.exc import PythonPptxError
from pptx.oxml.ns import qn
from pptx.shapes.picture import Picture

from ingest.load.archive import open_archive
from ingest.load.characters import one_line, sane_title
from ingest.load.damage import damaged
from ingest.load.draft import Draft
from ingest.load.embedded import Pictures
from ingest.load.rows import table_lines
from ingest.load.steps import step
from ingest.page import Page

# What python-pptx lets through from a damaged package.
_DAMAGE = (PythonPptxError, KeyError, ValueError, AttributeError, TypeError, etree.XMLSyntaxError)
_ROW = 1 / 3  # of the height of the smaller: boxes side by side are rarely quite level


def parse(path: Path) -> tuple[list[Page], str]:
    """A Page for every slide, empty ones too, labelled with the slide's number."""
    try:
        with open_archive(path):
            presentation = pptx.Presentation(str(path))
        title = sane_title(presentation.core_properties.title)
        slides = list(presentation.slides)
        pictures = Pictures()
        pages: list[Page] = []
        for slide in slides:
            step(len(pages), len(slides))
            pages.append(_page(slide, len(pages) + 1, pictures))
    except _DAMAGE as error:
        raise damaged("a presentation", error, path) from error
    if not title and pages and pages[0].headings:
        title = pages[0].headings[0].title
    return pages, title


def _page(slide: Any, number: int, pictures: Pictures) -> Page:
    draft = Draft()
    title = slide.shapes.title
    if title is not None and title.has_text_frame:
        draft.heading(1, title.text_frame.text)
    for shape in _in_reading_order(slide.shapes):
        if title is None or shape.shape_id != title.shape_id:
            _write_shape(shape, draft, pictures)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        draft.gap()
        lines = slide.notes_slide.notes_text_frame.text.split("\n")
        for line in [f"Notes: {lines[0]}", *lines[1:]] if any(map(str.strip, lines)) else []:
            draft.line(line)
    return draft.page(number, str(number))


def _in_reading_order(shapes: Iterable[Any]) -> Iterator[Any]:
    """The shapes row by row and from the left, those of groups in their group's place."""
    for row in _rows(shapes):
        for shape in sorted(row, key=lambda shape: shape.left or 0):
            if hasattr(shape, "shapes"):
                yield from _in_reading_order(shape.shapes)
            else:
                yield shape


def _rows(shapes: Iterable[Any]) -> list[list[Any]]:
    """The shapes from top to bottom; those that begin at nearly the same height are one row."""
    rows: list[list[Any]] = []
    shown = (shape for shape in shapes if not _is_blank(shape))  # a rule is no row
    for shape in sorted(shown, key=lambda shape: shape.top or 0):
        if rows and _begin_alike(rows[-1][0], shape):
            rows[-1].append(shape)
        else:
            rows.append([shape])
    return rows


def _begin_alike(upper: Any, shape: Any) -> bool:
    lower_by = (shape.top or 0) - (upper.top or 0)
    return bool(lower_by <= _ROW * min(upper.height or 0, shape.height or 0))


def _is_blank(shape: Any) -> bool:
    """Whether it is a line, or a box without text."""
    kinds = ("shapes", "has_table", "has_chart")
    if isinstance(shape, Picture) or any(getattr(shape, kind, False) for kind in kinds):
        return False
    return not (shape.has_text_frame and shape.text_frame.text.strip())


def _write_shape(shape: Any, draft: Draft, pictures: Pictures) -> None:
    if getattr(shape, "has_table", False):
        rows = [[cell.text for cell in row.cells] for row in shape.table.rows]
        draft.table(table_lines(rows))
    elif getattr(shape, "has_chart", False):
        draft.table(_chart_lines(shape.chart.part._element))
    elif isinstance(shape, Picture):
        pictures.write(_image_of(shape), draft)
    elif shape.has_text_frame:
        draft.gap()
        for paragraph in shape.text_frame.paragraphs:
            for line in paragraph.text.replace("\v", "\n").split("\n"):
                draft.line(line)
        draft.gap()


def _image_of(picture: Any) -> bytes:
    """A picture's bytes, none where it lies elsewhere or is missing."""
    try:
        return bytes(picture.image.blob)
    except (PythonPptxError, KeyError, ValueError, AttributeError):
        return b""


def _chart_lines(chart: etree._Element) -> list[str]:
    """A chart as a table: its title, then a row per category and a column per series."""
    title = one_line(" ".join(text.text or "" for text in chart.iter(qn("a:t"))))
    series = list(chart.iter(qn("c:ser")))
    if not series:
        return [title] if title else []
    categories = _points(series[0].find(qn("c:cat")))
    values = [_points(one.find(qn("c:val"))) for one in series]
    names = [" ".join(_points(one.find(qn("c:tx"))).values()) for one in series]
    places = sorted(set(categories).union(*values))
    rows = [[categories.get(i, ""), *(column.get(i, "") for column in values)] for i in places]
    lines = table_lines([["", *names], *rows])
    return [title, *lines] if title else lines


def _points(element: etree._Element | None) -> dict[int, str]:
    if element is None:
        return {}
    points = element.iter(qn("c:pt"))
    return {int(point.get("idx", 0)): point.findtext(qn("c:v"), "") for point in points}
