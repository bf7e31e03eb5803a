"""Word documents: paragraphs, headings, tables and pictures in the order of the document."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn
from docx.oxml.parser import parse_xml
from lxml import etree

from ingest.load.archive import open_archive
from ingest.load.characters import one_line, sane_title
from ingest.load.damage import damaged
from ingest.load.draft import Draft
from ingest.load.embedded import Pictures
from ingest.load.rows import table_lines
from ingest.load.wordstyles import heading_levels
from ingest.page import Page

_P, _TBL, _TR, _TC, _R = qn("w:p"), qn("w:tbl"), qn("w:tr"), qn("w:tc"), qn("w:r")
_TEXT = {qn("w:t"), qn("m:t")}
_BREAKS = {
    qn("w:br"): "\n",
    qn("w:cr"): "\n",
    qn("w:tab"): "\t",
    qn("w:ptab"): "\t",
    qn("w:noBreakHyphen"): "-",
}
_TEXT_BOX = qn("w:txbxContent")
_PICTURES = {qn("a:blip"): qn("r:embed"), "{urn:schemas-microsoft-com:vml}imagedata": qn("r:id")}
_FOOTNOTE_MARK = qn("w:footnoteReference")
# Deleted text, field codes, the older copy of a drawing, properties.
_SKIPPED = {
    qn("w:del"),
    qn("w:moveFrom"),
    qn("w:instrText"),
    qn("w:pPr"),
    qn("w:rPr"),
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
}
# What python-docx lets through from a damaged package.
_DAMAGE = (OpcError, KeyError, ValueError, AttributeError, TypeError, etree.XMLSyntaxError)


@dataclass(frozen=True)
class _Writing:
    """What is written, and what is needed to: the styles that are headings, the pictures' part."""

    draft: Draft
    levels: dict[str, int]
    part: Any
    pictures: Pictures

    def picture(self, relation: str) -> None:
        """Write what is read in a picture; one that is missing or lies elsewhere is passed over."""
        image = self.part.rels.get(relation)
        if image is not None and not image.is_external:
            self.pictures.write(image.target_part.blob, self.draft)


def parse(path: Path) -> tuple[list[Page], str]:
    """One page: Word's pages exist only once it is laid out. Footnotes stand at the end."""
    try:
        with open_archive(path):
            document = docx.Document(str(path))
        body = document.element.body
        levels = heading_levels(document.styles.element)
        title = sane_title(document.core_properties.title)
        notes = _footnotes(document.part)
    except _DAMAGE as error:
        raise damaged("a Word document", error, path) from error
    writing = _Writing(Draft(), levels, document.part, Pictures())
    _write_blocks(body, writing)
    writing.draft.table(notes)
    page = writing.draft.page(1)
    top = [heading.title for heading in page.headings if heading.level == 1]
    # One heading above all others is the document's title, several are its chapters.
    return [page], title or (top[0] if len(top) == 1 else "")


def _write_blocks(container: etree._Element, writing: _Writing) -> None:
    for block in container.iterchildren(etree.Element):
        if block.tag == _P:
            _write_paragraph(block, writing)
        elif block.tag == _TBL:
            _write_table(block, writing)
        elif block.tag not in _SKIPPED:  # content controls, insertions, custom XML
            _write_blocks(block, writing)


def _write_paragraph(paragraph: etree._Element, writing: _Writing) -> None:
    draft, text = writing.draft, text_of(paragraph)
    level = _level(paragraph, writing.levels)
    if level and text.strip():
        draft.heading(level, text)
    else:
        in_list = paragraph.find(f"{qn('w:pPr')}/{qn('w:numPr')}") is not None
        if not in_list:
            draft.gap()
        for line in text.split("\n"):
            draft.line(line)
        if not in_list:
            draft.gap()
    for box in _text_boxes(paragraph):
        _write_blocks(box, writing)
    for relation in _pictures(paragraph):
        writing.picture(relation)


def _level(paragraph: etree._Element, levels: dict[str, int]) -> int:
    """The paragraph's heading level, 0 for body text."""
    outline = paragraph.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
    if outline is not None and outline.get(qn("w:val"), "9") in "012345678":
        return int(outline.get(qn("w:val"))) + 1
    style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    return 0 if style is None else levels.get(style.get(qn("w:val"), ""), 0)


def _write_table(table: etree._Element, writing: _Writing) -> None:
    rows = [list(_cells(row)) for row in table.iterchildren(_TR)]
    if max(map(len, rows), default=0) == 1:  # a box drawn around text
        for row in table.iterchildren(_TR):
            for cell in row.iter(_TC):
                _write_blocks(cell, writing)
                break
        return
    writing.draft.table(table_lines(rows))
    for relation in _pictures(table):
        writing.picture(relation)


def _cells(row: etree._Element) -> Iterator[str]:
    """The row's cells; one that spans columns is followed by as many empty ones."""
    for cell in row.iter(_TC):
        if next(cell.iterancestors(_TR)) is not row:  # of a table inside a cell
            continue
        paragraphs = (one_line(text_of(paragraph)) for paragraph in cell.iter(_P))
        yield " ".join(filter(None, paragraphs))
        span = cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
        width = "1" if span is None else span.get(qn("w:val"), "1")
        yield from [""] * (min(int(width), 100) - 1 if width.isdecimal() else 0)


def text_of(paragraph: etree._Element) -> str:
    """A paragraph's text as it shows, without its text boxes."""
    parts: list[str] = []
    walk = etree.iterwalk(paragraph, events=("start",))
    for _, element in walk:
        tag = element.tag
        if tag in _SKIPPED or tag == _TEXT_BOX:
            walk.skip_subtree()
        elif tag in _TEXT:
            parts.append(element.text or "")
        elif tag in _BREAKS:
            parts.append(_BREAKS[tag])
        elif tag == _FOOTNOTE_MARK:
            parts.append(f"[{element.get(qn('w:id'))}]")
    return "".join(parts)


def _text_boxes(paragraph: etree._Element) -> Iterator[etree._Element]:
    walk = etree.iterwalk(paragraph, events=("start",))
    for _, element in walk:
        if element.tag in _SKIPPED:
            walk.skip_subtree()
        elif element.tag == _TEXT_BOX:
            yield element
            walk.skip_subtree()


def _pictures(element: etree._Element) -> Iterator[str]:
    """The relations of the pictures inside, without those of its text boxes, which are walked."""
    walk = etree.iterwalk(element, events=("start",))
    for _, inner in walk:
        if inner.tag in _SKIPPED or inner.tag == _TEXT_BOX:
            walk.skip_subtree()
        elif inner.tag in _PICTURES:
            yield inner.get(_PICTURES[inner.tag], "")


def _footnotes(part: object) -> list[str]:
    """The footnotes as "[2] text" lines, numbered as the marks in the text are."""
    lines: list[str] = []
    for relation in part.rels.values():  # type: ignore[attr-defined]
        if relation.reltype != RELATIONSHIP_TYPE.FOOTNOTES or relation.is_external:
            continue
        for note in parse_xml(relation.target_part.blob).iterchildren(qn("w:footnote")):
            text = " ".join(one_line(text_of(paragraph)) for paragraph in note.iter(_P)).strip()
            if text and note.get(qn("w:type")) is None:
                lines.append(f"[{note.get(qn('w:id'))}] {text}")
    return lines
