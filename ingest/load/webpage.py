"""HTML to text: the main part of a page, its headings, lists and tables, without what frames it."""

import re
from pathlib import Path

from lxml import etree

from ingest.errors import DocumentError
from ingest.load.characters import one_line
from ingest.load.decode import declared_encoding, decode
from ingest.load.draft import Draft
from ingest.load.webheadings import mark_headings
from ingest.load.webtext import Writer
from ingest.page import Page

_NO_CONTENT = (
    "script style noscript template svg canvas iframe object embed nav dialog rp annotation"
)
_CONTROLS = "button select textarea input datalist audio video map head ix:header"
_ROLES = {"navigation", "search", "menu", "menubar", "dialog", "alertdialog", "contentinfo"}
# Marks that MediaWiki and the common style sheets put on what is not the text.
_CLASSES = set(
    "mw-editsection mw-jump-link navbox navbar sidebar catlinks vector-dropdown noprint sr-only"
    " visually-hidden".split()
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_MAIN_SHARE = 0.25  # of the body's text: a <main> with less does not hold the content
_HEADING_TAGS = tuple(f"h{level}" for level in range(1, 7))

_DROPPED = {*_NO_CONTENT.split(), *_CONTROLS.split()}


def parse(path: Path) -> tuple[list[Page], str]:
    """One page with the text of the document's main part; the title is <title>, or the first h1."""
    data = path.read_bytes()
    draft = Draft()
    title = write_html(decode(data, declared_encoding(data)), draft)
    return [draft.page(1)], title


def write_html(html: str, draft: Draft) -> str:
    """Write an HTML text into the draft and give its title, "" where it has none."""
    root = _tree(html)
    title = one_line(" ".join(root.xpath("(//head//title|//title[not(ancestor::svg)])[1]//text()")))
    _strip(root)
    content = _content(root)
    made = mark_headings(content)
    Writer(draft).write(content)
    if not title and not made:
        title = next((heading.title for heading in draft.headings if heading.level == 1), "")
    return title


def _tree(html: str) -> etree._Element:
    # As bytes, since lxml refuses a str with an XML declaration; NULs are gone already.
    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=True, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(html.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        raise DocumentError(f"damaged: not readable as HTML ({error})") from error
    if root is None:
        raise DocumentError("damaged: there is no HTML element in it")
    return root


def _strip(root: etree._Element) -> None:
    """Take out what is no text, what is hidden and what only navigates; keep the text after it."""
    for element in list(root.iter(etree.Element)):
        if element is not root and element.getparent() is not None and _unwanted(element):
            _remove(element)


def _unwanted(element: etree._Element) -> bool:
    if element.tag in _DROPPED:
        return True
    if "hidden" in element.attrib and element.get("hidden") != "until-found":
        return True
    if element.get("role") in _ROLES or _HIDDEN.search(element.get("style", "")):
        return True
    return not _CLASSES.isdisjoint(element.get("class", "").split())


def _remove(element: etree._Element) -> None:
    parent, before = element.getparent(), element.getprevious()
    tail = element.tail or ""
    if tail and before is not None:
        before.tail = (before.tail or "") + tail
    elif tail:
        parent.text = (parent.text or "") + tail
    element.tail = None
    parent.remove(element)


def _content(root: etree._Element) -> etree._Element:
    """The page's main element if it holds the content, else the body without header and footer."""
    mains = root.xpath("//main|//*[@role='main']") or root.xpath("//article")
    if len(mains) == 1 and _length(mains[0]) >= _MAIN_SHARE * _length(root):
        return mains[0]
    for frame in root.xpath("//body/header|//body/footer|//body/aside|//body/div/footer"):
        # A header with the page's only heading is its title, not its frame.
        if not any(True for _ in frame.iter(*_HEADING_TAGS)):
            _remove(frame)
    return root


def _length(element: etree._Element) -> int:
    return sum(len(text) for text in element.itertext())
