"""Walks an HTML tree and writes it as lines. It does not know files, encodings or boilerplate."""

from lxml import etree

from ingest.load.characters import one_line
from ingest.load.draft import Draft
from ingest.load.webtable import is_data_table, table_rows

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_PARAGRAPHS = {"p", "ul", "ol", "dl", "table", "blockquote", "figure", "section", "article", "hr"}
_LINES = set(
    "address aside body caption center dd details dir div dt fieldset figcaption footer form"
    " header html legend li main menu optgroup option summary tbody td tfoot th thead tr".split()
)


class Writer:
    """Writes one tree into a draft.

    The walk is by events, not by recursion: pages nest their elements thousands deep.
    """

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._text: list[str] = []  # of the line that is being collected
        self._bullet = ""
        self._lists: list[int] = []  # the next number of each open list, 0 where it has none

    def write(self, root: etree._Element) -> None:
        """Write everything inside the element."""
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            if event == "start":
                if self._whole(element):
                    walk.skip_subtree()
                else:
                    self._open(element)
                    self._text.append(element.text or "")
            else:
                self._close(element)
                if element is not root:
                    self._text.append(element.tail or "")
        self._end_line()

    def _whole(self, element: etree._Element) -> bool:
        """Write elements that are read as a whole; False for those to be walked through."""
        tag = element.tag
        if tag in _HEADINGS:
            self._end_line()
            self._draft.heading(_HEADINGS[tag], text_of(element))
        elif tag in ("pre", "listing", "xmp"):
            self._end_line()
            self._draft.block(text_of(element))
        elif tag == "table" and is_data_table(element):
            self._end_line()
            self._draft.table(table_rows(element))
        else:
            return False
        return True

    def _open(self, element: etree._Element) -> None:
        tag = element.tag
        if tag == "br":
            self._end_line()
        elif tag in _PARAGRAPHS or tag in _LINES:
            self._end_line()
            # Lists inside lists and paragraphs inside items stay together.
            if tag in _PARAGRAPHS and not self._lists:
                self._draft.gap()
        if tag in ("ul", "ol", "menu", "dir"):
            self._lists.append(_first_number(element) if tag == "ol" else 0)
        elif tag == "li":
            self._bullet = self._next_bullet()

    def _close(self, element: etree._Element) -> None:
        tag = element.tag
        if tag in _HEADINGS:
            return
        if tag in ("ul", "ol", "menu", "dir") and self._lists:
            self._lists.pop()
        if tag in _PARAGRAPHS or tag in _LINES:
            self._end_line()
            if tag in _PARAGRAPHS and not self._lists:
                self._draft.gap()
        if tag == "li":
            self._bullet = ""

    def _next_bullet(self) -> str:
        if not self._lists or not self._lists[-1]:
            return "- "
        self._lists[-1] += 1
        return f"{self._lists[-1] - 1}. "

    def _end_line(self) -> None:
        line = one_line("".join(self._text))
        self._text.clear()
        if line:
            self._draft.line(self._bullet + line)
            self._bullet = ""


def _first_number(element: etree._Element) -> int:
    start = element.get("start", "1")
    return int(start) if start.isdecimal() and len(start) < 7 else 1


def text_of(element: etree._Element) -> str:
    """All text inside, a line break for every <br>."""
    parts: list[str] = []
    for event, inner in etree.iterwalk(element, events=("start", "end")):
        if event == "start":
            parts.append("\n" if inner.tag == "br" else "")
            parts.append(inner.text or "")
        elif inner is not element:
            parts.append(inner.tail or "")
    return "".join(parts)
