"""Markdown: the text as it stands, with its headings found."""

import re
from collections.abc import Iterator
from pathlib import Path

from ingest.load.decode import decode
from ingest.page import Heading, Page

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*$")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_NO_PARAGRAPH = re.compile(r" {0,3}(?:[-*+]\s|[>|#]|\d+[.)]\s|(?:[-*_]\s*){3,}$|$)| {4}|\t")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_FRONT_MATTER = re.compile(r"\A---\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:[ \t]*(.+?)[ \t]*$", re.MULTILINE | re.IGNORECASE)


def parse(path: Path) -> tuple[list[Page], str]:
    """One page; the title is the front matter's or the first heading of the first level."""
    text = decode(path.read_bytes())
    headings = tuple(find_headings(text))
    front = _FRONT_MATTER.match(text)
    named = _FRONT_TITLE.search(front.group()) if front else None
    title = named.group(1).strip("\"'") if named else ""
    if not title:
        title = next((heading.title for heading in headings if heading.level == 1), "")
    return [Page(1, text, headings=headings)], title


def find_headings(text: str) -> Iterator[Heading]:
    """The headings of a Markdown text, ATX and setext, outside of fences and front matter.

    CommonMark 0.31, sections 4.2 and 4.3, but a setext heading is one line.
    """
    front = _FRONT_MATTER.match(text)
    start = front.end() if front else 0
    fence = previous = ""
    previous_start = start
    for line in text[start:].split("\n"):
        mark = _FENCE.match(line)
        if fence:
            closes = mark and mark[1].startswith(fence) and not mark[2].strip()
            fence = "" if closes else fence
            previous = ""
        elif mark and not (mark[1][0] == "`" and "`" in mark[2]):
            fence, previous = mark[1], ""
        elif (atx := _ATX.match(line)) and _plain(atx[2] or ""):
            yield Heading(start, len(atx[1]), _plain(atx[2]))
            previous = ""
        elif (under := _SETEXT.match(line)) and previous:
            yield Heading(previous_start, 1 if under[1][0] == "=" else 2, _plain(previous))
            previous = ""
        else:
            previous = "" if _NO_PARAGRAPH.match(line) else line
            previous_start = start
        start += len(line) + 1


def _plain(title: str) -> str:
    """A heading's words without links, emphasis and code marks."""
    return re.sub(r"[*`]|(?<!\w)_|_(?!\w)", "", _LINK.sub(r"\1", title)).strip()
