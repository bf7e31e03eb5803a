"""Which blocks of a PDF are headings, and of what level: by its outline and by their fonts.

It knows the blocks of all pages; it does not know PDFium but for the outline.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import pypdfium2 as pdfium

from ingest.load.pdf_blocks import NUMBERED, Block

_MOST_BOOKMARKS = 20_000
_MOST_ON_PAGE = 200
_LONGEST = 160
_LARGER = 1.12  # than the body: the size of a heading that is not bold
_LEVELS = 6
_ENDS = re.compile(r"[.,;:。，；：]$|\.\.\. ?\d*$")
_SENTENCES = re.compile(r"[a-z][.!?] +[A-Z]")
_LETTERS = re.compile(r"[^\W\d_]{2}|[\u3400-\u9fff\uac00-\ud7a3]")
_WELL_KNOWN = re.compile(
    "abstract|(?:introduction|conclusions?|references|bibliography|acknowledge?ments|appendix)"
    "|摘要|引言|前言|结论|結論|参考文献|參考文獻|附录|附錄",
    re.IGNORECASE,
)

_NUMBER = re.compile(r"(?:[A-Z]|[IVX]+|\d+)(?:\.\d+)*\.?\s+")
_CONTENTS = re.compile("(?:table of )?contents|目录|目錄|目次", re.IGNORECASE)
_LETTERED = re.compile(r"[A-H]\.\s*[A-Z]")
_ROMAN = re.compile(r"[IVX]+\.")
_MANY = 20  # headings; among so many, the size of a single one makes no level

Style = tuple[float, bool]


@dataclass(frozen=True)
class Bookmark:
    """An entry of a PDF's outline: its level from 1, its title, and its page from 0."""

    level: int
    title: str
    page: int


def bookmarks(document: pdfium.PdfDocument) -> list[Bookmark]:
    """The outline's entries that lead to a page, in order, up to where it is damaged."""
    found: list[Bookmark] = []
    try:
        for entry in islice(document.get_toc(max_depth=_LEVELS), _MOST_BOOKMARKS):
            destination = entry.get_dest()
            page = destination.get_index() if destination else None
            if page is not None:
                found.append(Bookmark(entry.level + 1, entry.get_title(), page))
    except pdfium.PdfiumError:
        return found
    return found


def heading_levels(
    pages: Sequence[Sequence[Block]], outline: Iterable[Bookmark]
) -> dict[tuple[int, int], int]:
    """The level of each block that is a heading, by the numbers of its page and of it, from 0."""
    outlined = _outlined(pages, outline)
    body = _body(pages)
    found = [
        (page, number)
        for page, blocks in enumerate(pages)
        for number, block in enumerate(blocks)
        if (page, number) in outlined
        or (_stands_out(block, body) and not _goes_on(blocks[number + 1 : number + 2]))
    ]
    found = _without_initials(pages, found)
    by_font = [place for place in found if place in outlined or _by_font(_at(pages, place), body)]
    styles = _style_levels(pages, by_font, outlined)
    levels: dict[tuple[int, int], int] = {}
    for place in found:
        block = _at(pages, place)
        level = outlined.get(place) or styles.get(_style(block))
        levels[place] = level or min(bool(styles) + _depth(block.text), _LEVELS)
    return levels


def title_of(pages: Sequence[Sequence[Block]]) -> str:
    """What the first page shows in the largest type, if that is much larger than its text."""
    blocks = [block for block in pages[0] if not block.table] if pages else []
    largest = max((block.size for block in blocks), default=0.0)
    if not largest:
        return ""
    titles = [block for block in blocks if block.size > 0.98 * largest]
    alone = len(titles) == 1 and largest >= 1.25 * _body(pages)[0]
    text = " ".join(titles[0].text.split())
    if not alone or len(text) > _LONGEST or _CONTENTS.fullmatch(text):
        return ""
    return text if _LETTERS.search(text) else ""


def _at(pages: Sequence[Sequence[Block]], place: tuple[int, int]) -> Block:
    return pages[place[0]][place[1]]


def _style(block: Block) -> Style:
    return round(2 * block.size) / 2, block.bold


def _body(pages: Sequence[Sequence[Block]]) -> Style:
    """The size and weight of most of the text."""
    letters: Counter[Style] = Counter()
    for blocks in pages:
        for block in blocks:
            if not block.table:
                letters[_style(block)] += len(block.text)
    return letters.most_common(1)[0][0] if letters else (0.0, False)


def _stands_out(block: Block, body: Style) -> bool:
    """Whether a block looks like a heading: short, of words, and larger or bolder than the body."""
    text = block.text
    if block.table or block.lines > 3 or len(text) > _LONGEST or text.count(",") > 2:
        return False
    if not _LETTERS.search(text) or _ENDS.search(text) or _SENTENCES.search(text):
        return False
    return _by_font(block, body) or _by_words(block)


def _goes_on(following: Sequence[Block]) -> bool:
    """Whether the next block starts as the rest of a sentence does."""
    return any(block.text[:1].islower() for block in following)


def _without_initials(
    pages: Sequence[Sequence[Block]], places: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """The places without "A. Smith", which is a heading only below ones like "II. METHODS"."""
    if any(_ROMAN.match(_at(pages, place).text) for place in places):
        return places
    return [place for place in places if not _LETTERED.match(_at(pages, place).text)]


def _by_font(block: Block, body: Style) -> bool:
    larger = 0 < block.size >= _LARGER * body[0]
    return larger or (block.bold and not body[1] and block.size >= 0.9 * body[0])


def _by_words(block: Block) -> bool:
    text = block.text
    return block.lines == 1 and bool(NUMBERED.fullmatch(text) or _WELL_KNOWN.fullmatch(text))


def _outlined(
    pages: Sequence[Sequence[Block]], outline: Iterable[Bookmark]
) -> dict[tuple[int, int], int]:
    """The level of each block that an entry of the outline names on the page it leads to."""
    found: dict[tuple[int, int], int] = {}
    tried: Counter[int] = Counter()
    for entry in outline:
        tried[entry.page] += 1
        if not 0 <= entry.page < len(pages) or tried[entry.page] > _MOST_ON_PAGE:
            continue
        title = _bare(entry.title)
        for number, block in enumerate(pages[entry.page]):
            short = not block.table and block.lines <= 3 and len(block.text) <= _LONGEST
            place = (entry.page, number)
            if title and short and place not in found and _names(title, block.text):
                found[place] = min(entry.level, _LEVELS)
                break
    return found


def _names(title: str, text: str) -> bool:
    """Whether a text starts with a title, itself or behind a number, "4.1 "."""
    starts = (text, _NUMBER.sub("", text))
    return any(_bare(start).startswith(title) for start in starts)


def _depth(text: str) -> int:
    """How deep a heading's number says it lies: 1 for "II." and "第二章", 2 for "A." and "1.1"."""
    number = re.match(r"([IVX]+\.)|((?:[A-Z]|\d{1,2})(?:\.(?:[A-Z]\b|\d{1,2}))*)\.?", text)
    if number is None or number[1] or not number[2]:
        return 1
    return number[2].count(".") + (2 if number[2][0].isalpha() else 1)


def _bare(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _style_levels(
    pages: Sequence[Sequence[Block]],
    places: Iterable[tuple[int, int]],
    outlined: dict[tuple[int, int], int],
) -> dict[Style, int]:
    """A level for each style of heading.

    The one that the outline gives most often, else one below the deepest of the styles that are
    larger, so that levels follow size where there is no outline.
    """
    given: defaultdict[Style, Counter[int]] = defaultdict(Counter)
    styles: Counter[Style] = Counter()
    for place in places:
        style = _style(_at(pages, place))
        styles[style] += 1
        if place in outlined:
            given[style][outlined[place]] += 1
    levels: dict[Style, int] = {}
    deepest = 0
    for style in sorted(styles, reverse=True):
        known = given[style].most_common(1)
        levels[style] = known[0][0] if known else min(deepest + 1, _LEVELS)
        if known or styles[style] > 1 or styles.total() <= _MANY:
            deepest = max(deepest, levels[style])
    return levels
