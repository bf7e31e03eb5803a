"""Lines of a PDF's column to blocks: paragraphs, lines that may be headings, tables.

It sees one page; what is a heading is decided when the whole document is known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ingest.load.hyphens import BREAK
from ingest.load.pdf_columns import Item
from ingest.load.pdf_lines import Line, cjk_goes_on, lines_of
from ingest.load.pdf_tables import Table

NUMBERED = re.compile(
    r"(?:[IVX]{1,5}\.|[A-H]\.(?:(?:[A-Z]|\d{1,2})\.?){0,6}+|\d{1,2}\.(?:\d{1,2}\.?){0,6}+)"
    r"\s*[A-Z][^,.;:!?|]{2,60}"
    r"|第[一二三四五六七八九十百零〇\d]{1,5}[章节節篇部](?:\s.{0,40}|.{0,20})"
)
"""A line that may be a heading for its number alone: "II. METHODS", "2.1 Data", "第三章 方法"."""

_ITEM = re.compile(r"(?:\d{1,2}|[A-Za-z]|[IVXivx]+)[.)]\s")

CELL = "\x1f"  # between the cells of a row, until broken words are mended

_PARAGRAPH = 1.22  # of the usual distance between lines: more is a new paragraph
_RAGGED = 2.5  # of the size: how far before the others' ends a full line may end
_SAME_SIZE = 1.06
_OTHER_SIZE = 1.25
_SMALL = 0.94  # of the size of the text above: footnotes and captions are smaller
_STOP = re.compile(r"[.!?:。！？：…][\"'”’»)\]」』]*(?:\d{1,3}|(?: ?\[[\d, –-]+\])+)?$")
_DOTS = re.compile(r"\.{3}|\. \. \.|[·…_]{3}")
_LEADER = re.compile(r"[ .·…_]{4,}")


@dataclass
class Block:
    """A paragraph's text with its size and weight, or a table: a row a line, CELL between cells.

    `part` counts the page's columns and tables, so that a break between them can be told.
    """

    text: str
    size: float = 0.0
    bold: bool = False
    table: bool = False
    lines: int = 1
    part: int = 0


def blocks_of(parts: Sequence[Sequence[Item]]) -> list[Block]:
    """The blocks of a page's parts, a paragraph that goes on in the next column whole again."""
    blocks: list[Block] = []
    for number, part in enumerate(parts):
        if isinstance(part[0], Table):
            rows = (CELL.join(cell.replace("\n", " ") for cell in row) for row in part[0].rows)
            blocks.append(Block("\n".join(rows), table=True, part=number))
        else:
            runs = [item for item in part if not isinstance(item, Table)]
            blocks += [_block(lines, number) for lines in _paragraphs(lines_of(runs))]
    return _rejoined(blocks)


def _paragraphs(lines: list[Line]) -> list[list[Line]]:
    steps = [
        below.base - above.base
        for above, below in pairwise(lines)
        if 0 < below.base - above.base < 2.5 * below.size
    ]
    usual = median(steps) if steps else 0.0
    end = max(line.x1 - _RAGGED * line.size for line in lines)
    paragraphs: list[list[Line]] = []
    for number, line in enumerate(lines):
        after = lines[number + 1] if number + 1 < len(lines) else None
        alone = bool(paragraphs) and len(paragraphs[-1]) == 1
        if paragraphs and not _starts(paragraphs[-1][-1], line, after, usual, end, alone):
            paragraphs[-1].append(line)
        else:
            paragraphs.append([line])
    return paragraphs


def _starts(
    above: Line, line: Line, after: Line | None, usual: float, end: float, alone: bool
) -> bool:
    """Whether a line starts a paragraph: by its distance, its font, or its indent.

    `end` is how far full lines go; `alone` says that the line above is its paragraph's only one.
    """
    step = line.base - above.base
    if step < 0 or step > _PARAGRAPH * max(usual, 1.1 * line.size):
        return True
    larger, smaller = max(line.size, above.size), min(line.size, above.size)
    if larger > _OTHER_SIZE * smaller or line.bold != above.bold:
        return True
    if larger > _SAME_SIZE * smaller and (above.x1 < end or _STOP.search(above.text)):
        return True  # but not in mid-sentence, where some words are set in another font
    if alone and NUMBERED.fullmatch(above.text) and not _ITEM.match(line.text):
        return True
    indent = line.x0 - above.x0
    back = after is not None and line.x0 - after.x0 > 0.5 * line.size
    return 0.5 * line.size < indent < 5 * line.size and back and bool(_STOP.search(above.text))


def _block(lines: list[Line], part: int) -> Block:
    end = max(line.x1 - _RAGGED * line.size for line in lines)
    text = lines[0].text
    for above, line in pairwise(lines):
        full = above.x1 > end  # a shorter line ends where its author ended it
        text += line.text if full and cjk_goes_on(above.text, line.text) else f"\n{line.text}"
    if _DOTS.search(text):
        text = "\n".join(_LEADER.sub(_shorter, line).strip() for line in text.split("\n"))
    return Block(text, lines[0].size, lines[0].bold, lines=len(lines), part=part)


def _shorter(leader: re.Match[str]) -> str:
    """Three dots for the many that lead to a page number."""
    marks = len(leader[0]) - leader[0].count(" ")
    return " ... " if marks > 4 else leader[0]


def _rejoined(blocks: list[Block]) -> list[Block]:
    """The blocks with a sentence that a column's end breaks made whole.

    Footnotes and captions that stand between its halves come after it.
    """
    whole: list[Block] = []
    for block in blocks:
        behind = _broken_off(whole, block)
        if behind is None:
            whole.append(block)
            continue
        start = whole[behind]
        end = "" if cjk_goes_on(start.text, block.text) else "\n"
        start.text += end + block.text
        start.lines += block.lines
        for later in whole[behind:]:  # what stood between is in the new column now
            later.part = block.part
    return whole


def _broken_off(blocks: list[Block], block: Block) -> int | None:
    """Which of the last blocks goes on in this one, the first of a new column; None for none."""
    if not blocks or block.table or block.part == blocks[-1].part:
        return None
    behind = len(blocks) - 1
    while behind >= 0 and not blocks[behind].table and blocks[behind].size < _SMALL * block.size:
        behind -= 1
    if behind < 0 or blocks[behind].table or blocks[behind].part < blocks[-1].part:
        return None
    start = blocks[behind]
    larger, smaller = max(start.size, block.size), min(start.size, block.size)
    if larger > _SAME_SIZE * smaller or start.bold != block.bold or _STOP.search(start.text[-80:]):
        return None
    first = block.text[0]
    goes_on = first.islower() or start.text.endswith((BREAK, "\ufffe"))
    goes_on = goes_on or cjk_goes_on(start.text, block.text)
    return behind if goes_on and start.lines > 1 else None
