"""Headings of HTML pages that mark none: filings and exports whose headings are bold paragraphs.

Their paragraphs become h1 to h4 in the tree, so that whoever writes it need not know.
"""

import re
from collections.abc import Iterator

from lxml import etree

from ingest.load.characters import one_line

_MARKED = tuple(f"h{level}" for level in range(1, 7))
_BLOCKS = ("p", "div", "center")
_INLINE = set("a abbr b bdi bdo big cite em font i ins mark s small span strong sub sup u".split())
_LONG = 5_000  # characters of text; a shorter page needs no headings
_FEWEST = 3
_LONGEST = 120
_WEIGHT = re.compile(r"font-weight\s*:\s*(\w+)", re.IGNORECASE)
_ITALIC = re.compile(r"font-style\s*:\s*(?:italic|oblique)", re.IGNORECASE)
_BOLD = {"bold", "bolder", "600", "700", "800", "900"}
_ENDS = re.compile(r"[.,;:]$")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_PART = re.compile(r"part\s+[ivx\d]+\b", re.IGNORECASE)
_ITEM = re.compile(r"(?:item|chapter|section|article)\s+[\divx]+[a-z]?\b", re.IGNORECASE)


def mark_headings(root: etree._Element) -> bool:
    """Make headings of the bold paragraphs of a long page without a heading, and say whether.

    One right below another of its level is made subordinate to it: a report's dates, say.
    """
    if any(one_line("".join(found.itertext())) for found in root.iter(*_MARKED)):
        return False
    if sum(len(text) for text in root.itertext()) < _LONG:
        return False
    found = list(_bold_paragraphs(root))
    if len(found) < _FEWEST:
        return False
    above: etree._Element | None = None
    above_level = 0
    for element, level in found:
        under = level == above_level and _text_before(element) is above
        element.tag = f"h{level + under}"
        if not under:
            above, above_level = element, level
    return True


def _text_before(element: etree._Element) -> etree._Element | None:
    """The element before this one, but for blank ones."""
    before = element.getprevious()
    while before is not None and not one_line("".join(before.itertext())):
        before = before.getprevious()
    return before


def _bold_paragraphs(root: etree._Element) -> Iterator[tuple[etree._Element, int]]:
    for element in root.iter(*_BLOCKS):
        if any(child.tag not in _INLINE for child in element.iterdescendants(etree.Element)):
            continue
        text = one_line("".join(element.itertext()))
        if not text or len(text) > _LONGEST or _ENDS.search(text) or not _LETTERS.search(text):
            continue
        in_text = not any(True for _ in element.iterancestors("table", "ul", "ol", "dl"))
        if in_text and _is_bold(element):
            yield element, _level(element, text)


def _is_bold(block: etree._Element) -> bool:
    """Whether all the text inside is bold."""
    for element in block.iter(etree.Element):
        if (element.text or "").strip() and not _weighs(element, block):
            return False
        tail = element is not block and (element.tail or "").strip()
        if tail and not _weighs(element.getparent(), block):
            return False
    return True


def _weighs(element: etree._Element, block: etree._Element) -> bool:
    """Whether text directly in an element is bold, as it or what is around it says."""
    while True:
        weight = _WEIGHT.search(element.get("style", ""))
        if weight:
            return weight[1].lower() in _BOLD
        if element.tag in ("b", "strong"):
            return True
        if element is block:
            return False
        element = element.getparent()


def _level(element: etree._Element, text: str) -> int:
    if _PART.match(text):
        return 1
    if _ITEM.match(text):
        return 2
    return 4 if _ITALIC.search(element.get("style", "")) else 3
