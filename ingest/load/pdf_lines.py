"""Runs of words to lines of text: what stands at one height, in the direction it is read.

It does not know columns: what it is given is one column, or one row of a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.load.hyphens import BREAK
from ingest.load.pdf_words import Run

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_LETTER = re.compile(r"[^\W\d_]")
_NO_SPACE = 0.12  # of the size: less room between runs is none
_SHARED = 0.5  # of the lower one's height that two runs of one line have in common
_BESIDE = 8  # runs of a row that a new one is compared with
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_CJK_END = re.compile(rf"[{_CJK}，、：；]")
_CJK_START = re.compile(rf"[{_CJK}]")


@dataclass(slots=True)
class Line:
    """Runs at one height, in reading order; size and weight are those of most of its text."""

    runs: list[Run]
    text: str
    x0: float
    x1: float
    base: float
    size: float
    bold: bool

    @property
    def top(self) -> float:
        return self.base - 0.8 * self.size

    @property
    def bottom(self) -> float:
        return self.base + 0.2 * self.size


def lines_of(runs: Sequence[Run]) -> list[Line]:
    """The lines of one column from top to bottom.

    Where columns that could not be told apart would be woven into each other, the lines are the
    PDF's own and in its own order.
    """
    rows = _rows(sorted(runs, key=lambda run: run.base))
    lines = [_line(row) for row in rows]
    pairs = pairwise(lines)
    woven = sum(above.bottom - below.top > 0.35 * below.size for above, below in pairs)
    if woven >= 3 and woven > 0.25 * len(lines):
        return [_line(row) for row in _rows(sorted(runs, key=lambda run: run.order))]
    return lines


def _rows(runs: Iterable[Run]) -> list[list[Run]]:
    """Neighbours in the order given that stand at one height, together."""
    rows: list[list[Run]] = []
    tallest: Run | None = None
    for run in runs:
        if tallest is not None:
            shared = min(tallest.bottom, run.bottom) - max(tallest.top, run.top)
            if shared >= _SHARED * min(tallest.size, run.size) and not _below(run, rows[-1]):
                rows[-1].append(run)
                tallest = run if run.size > tallest.size else tallest
                continue
        rows.append([run])
        tallest = run
    return rows


def _below(run: Run, row: list[Run]) -> bool:
    """Whether the run stands under one of the row's: both beside a tall number, say."""
    return any(
        run.base - other.base > 0.4 * other.size
        and min(run.x1, other.x1) - max(run.x0, other.x0) > 1.5 * other.size
        for other in row[-_BESIDE:]
    )


def _line(runs: list[Run]) -> Line:
    if len(runs) > 1:
        if leans_left("".join(run.text for run in runs)):
            runs.sort(key=lambda run: -run.x1)
        else:
            runs.sort(key=lambda run: run.x0)
    parts = [runs[0].text]
    for left, right in pairwise(runs):
        room = max(right.x0 - left.x1, left.x0 - right.x1)
        parts.append(" " if room > _NO_SPACE * max(left.size, right.size) else "")
        parts.append(right.text)
    main = max(runs, key=lambda run: (len(run.text), run.size))
    lettered = [run for run in runs if _LETTER.search(run.text)] or runs
    return Line(
        runs=runs,
        text="".join(parts),
        x0=min(run.x0 for run in runs),
        x1=max(run.x1 for run in runs),
        base=main.base,
        size=main.size,
        bold=all(run.bold for run in lettered),
    )


def leans_left(text: str) -> bool:
    """Whether most letters of a text are of scripts that run from right to left."""
    return 2 * len(_RIGHT_TO_LEFT.findall(text)) > len(_LETTER.findall(text))


def joined_in_one(texts: Iterable[str]) -> str:
    """Lines of a table's cell or of a heading as one: broken words and Chinese without a space."""
    whole = ""
    for text in texts:
        closed = whole.endswith((BREAK, "\ufffe")) or cjk_goes_on(whole, text)
        whole = whole + text if closed or not whole else f"{whole} {text}"
    return whole


def cjk_goes_on(above: str, below: str) -> bool:
    """Whether a line break between these would stand inside a Chinese or Japanese text."""
    return bool(_CJK_END.match(above[-1:]) and _CJK_START.match(below))
