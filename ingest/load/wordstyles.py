"""Which of a Word document's styles make headings, in whatever language they are named."""

import re

from docx.oxml.ns import qn
from lxml import etree

_NAMED = re.compile(r"(?:heading|标题|標題|überschrift|titre|título) ?([1-9])$", re.IGNORECASE)
_TITLES = {"title", "标题", "標題"}
_MAX_DEPTH = 20  # of styles based on styles; damaged files go in circles


def heading_levels(styles: etree._Element) -> dict[str, int]:
    """Style id → heading level from 1, for the paragraph styles that are headings.

    A style is one by its name, by its outline level, or by the style that it is based on.
    """
    by_id = {style.get(qn("w:styleId"), ""): style for style in styles.iter(qn("w:style"))}
    found: dict[str, int] = {}
    for identity, style in by_id.items():
        for _ in range(_MAX_DEPTH):
            level = _own_level(style)
            if level is not None:
                if level:
                    found[identity] = level
                break
            parent = by_id.get(_value(style, "w:basedOn"))
            if parent is None:
                break
            style = parent
    return found


def _own_level(style: etree._Element) -> int | None:
    """The level that the style itself states, 0 for "not a heading", None if it says nothing."""
    name = _value(style, "w:name").strip().lower()
    if name in _TITLES:
        return 1
    if named := _NAMED.match(name):
        return int(named[1])
    if name.startswith("toc"):
        return 0
    properties = style.find(qn("w:pPr"))
    outline = "" if properties is None else _value(properties, "w:outlineLvl")
    if not outline.isdecimal():
        return None
    return int(outline) + 1 if int(outline) < 9 else 0


def _value(element: etree._Element, name: str) -> str:
    child = element.find(qn(name))
    return "" if child is None else child.get(qn("w:val"), "")
