"""The reading order of a PDF page: bands across it, columns within them, and so on inside.

A recursive X-Y cut (Nagy and Seth, ICPR 1984) whose cuts down the page have to be borne out:
by the PDF's own order, or by long lines on both sides. It does not know headings or sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ingest.load.pdf_aligned import aligned_tables, is_numbers
from ingest.load.pdf_lines import leans_left, lines_of
from ingest.load.pdf_tables import Table, inside_of
from ingest.load.pdf_words import Run

Item = Run | Table
Span = tuple[float, float]

_CORE = 0.2  # of a line's height at its top and bottom may lie beside another line's
_APART = 1.1  # of the size: room before what is no part of the columns above
_NEAR = 1.0  # of the size: room between lines that belong together
_GUTTER = 0.8  # of the size, where only the gutter's width speaks for columns
_LINES = 5  # on both sides, then too
_WORDS = 20  # characters of an average line, then too
_DEEPEST = 12
_MOST = 4_000  # runs; a page of more is a drawing, and is read line by line
_MOST_COLUMNS = 20  # a table or a drawing has more


def reading_order(items: Sequence[Item]) -> list[list[Item]]:
    """The page's parts in reading order, each a single column or a table alone."""
    if len(items) > _MOST:
        return [sorted(items, key=lambda item: item.order)]
    return list(_parts(list(items), _DEEPEST))


def _parts(items: list[Item], depth: int) -> Iterator[list[Item]]:
    held: list[Item] = []
    for group in _groups(_bands(items)):
        together = [item for band in group for item in band]
        columns = _columns(together) if depth else [together]
        if len(columns) == 1:
            held.extend(columns[0])
            continue
        yield from _around_tables(held)
        held = []
        for column in columns:
            yield from _parts(column, depth - 1)
    yield from _around_tables(held)


def _around_tables(items: list[Item]) -> Iterator[list[Item]]:
    """One column's items: its tables, each alone, and what stands between them."""
    tables = aligned_tables([item for item in items if isinstance(item, Run)])
    taken = inside_of(tables)
    rest = [item for item in items if isinstance(item, Table) or item.order not in taken]
    held: list[Item] = []
    for item in sorted([*rest, *tables], key=lambda item: item.top):
        if isinstance(item, Table):
            if held:
                yield held
            yield [item]
            held = []
        else:
            held.append(item)
    if held:
        yield held


def _bands(items: list[Item]) -> list[list[Item]]:
    """The items in bands from top to bottom that no line across the page cuts."""
    bands: list[list[Item]] = []
    end = 0.0
    for item in sorted(items, key=lambda item: item.top):
        core = _CORE * (item.bottom - item.top) if isinstance(item, Run) else 0.0
        if bands and item.top + core < end:
            bands[-1].append(item)
            end = max(end, item.bottom - core)
        else:
            bands.append([item])
            end = item.bottom - core
    return bands


def _groups(bands: list[list[Item]]) -> list[list[list[Item]]]:
    """The bands in groups that a gutter goes through, and what lies between those."""
    groups: list[list[list[Item]]] = []
    loose: list[list[Item]] = []  # bands of one column, not yet given to a group
    at = 0
    while at < len(bands):
        cover = _cover([], bands[at])
        if len(cover) < 2:
            loose.append(bands[at])
            at += 1
            continue
        while loose and len(_cover(cover, loose[-1])) > 1 and _close(loose[-1], bands[at]):
            at -= 1
            loose.pop()
            cover = _cover(cover, bands[at])
        end = at + 1
        while end < len(bands) and len(wider := _cover(cover, bands[end])) > 1:
            cover, end = wider, end + 1
        end = _without_tail(bands, at, end)
        if end - at > 2 and _stands_above(bands, at, end):
            groups.append([*loose, bands[at]])
            loose, at = [], at + 1
            continue
        if loose:
            groups.append(loose)
            loose = []
        groups.append(bands[at:end])
        at = end
    return [*groups, loose] if loose else groups


def _without_tail(bands: list[list[Item]], start: int, end: int) -> int:
    """Where a group ends, without a last line that stands apart or goes with what follows."""
    if end < len(bands):
        alone = len(_cover([], bands[end - 1])) == 1 and end - 1 > start
        if alone and _room(bands[end - 1], bands[end]) < _room(bands[end - 2], bands[end - 1]):
            return end - 1
        return end
    for cut in range(max(start + 1, end - 2), end):  # a page's number, most likely
        if _apart(bands, start, cut):
            return cut
    return end


def _apart(bands: list[list[Item]], start: int, cut: int) -> bool:
    """Whether the room above a band is wider than any between the ones before it."""
    widest = max((_room(a, b) for a, b in pairwise(bands[start:cut])), default=0.0)
    room = _room(bands[cut - 1], bands[cut])
    return room > _APART * _size(bands[cut]) and room > widest and _is_brief(bands[cut])


def _stands_above(bands: list[list[Item]], start: int, end: int) -> bool:
    """Whether a group's first band is apart from the rest: a running header, most likely."""
    rooms = [_room(a, b) for a, b in pairwise(bands[start + 1 : end])]
    room = _room(bands[start], bands[start + 1])
    return room > _APART * _size(bands[start]) and room > max(rooms) and _is_brief(bands[start])


def _is_brief(band: list[Item]) -> bool:
    return sum(len(item.text) for item in band if isinstance(item, Run)) < 100


def _close(above: list[Item], below: list[Item]) -> bool:
    return _room(above, below) < _NEAR * _size(below)


def _room(above: list[Item], below: list[Item]) -> float:
    return min(item.top for item in below) - max(item.bottom for item in above)


def _size(band: list[Item]) -> float:
    sizes = [item.size for item in band if isinstance(item, Run)]
    return max(sizes) if sizes else 10.0


def _cover(cover: list[Span], items: Sequence[Item]) -> list[Span]:
    """The stretches from left to right that are covered, with these items' added."""
    found: list[Span] = []
    for start, end in sorted([*cover, *((item.x0, item.x1) for item in items)]):
        if found and start < found[-1][1] + 0.1:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _columns(items: list[Item]) -> list[list[Item]]:
    """The items of a group column by column; in one where they are lines or a table after all."""
    cover = _cover([], items)
    if not 1 < len(cover) <= _MOST_COLUMNS:
        return [items]
    columns: list[list[Item]] = [[]]
    rest = sorted(items, key=lambda item: item.x0)
    for (_, end), (start, _) in pairwise(cover):
        left = [item for item in rest if item.x1 <= end]
        right = [item for item in rest if item.x0 >= start]
        if left and right and _is_gutter(left, right, start - end):
            columns[-1] = left
            columns.append([])
            rest = right
    columns[-1] = rest
    text = "".join(item.text for item in items if isinstance(item, Run))
    return columns[::-1] if leans_left(text) else columns


def _is_gutter(left: list[Item], right: list[Item], width: float) -> bool:
    """Whether what lies left is to be read before what lies right."""
    left_runs = [item for item in left if isinstance(item, Run)]
    right_runs = [item for item in right if isinstance(item, Run)]
    if not left_runs or not right_runs:
        return width > 4
    sides = sorted([(run.order, 0) for run in left_runs] + [(run.order, 1) for run in right_runs])
    changes = sum(a[1] != b[1] for a, b in pairwise(sides))
    left_lines, right_lines = lines_of(left_runs), lines_of(right_runs)
    fewer = min(len(left_lines), len(right_lines))
    if max(len(line.text) for line in left_lines) <= 4 or is_numbers(right_lines):
        return False  # the numbers or bullets of a list, the figures of a table
    if changes <= max(1, 0.25 * fewer):
        return fewer > 1
    size = sorted(run.size for run in right_runs)[len(right_runs) // 2]
    long = all(
        sum(len(line.text) for line in lines) > _WORDS * len(lines)
        for lines in (left_lines, right_lines)
    )
    return fewer >= _LINES and width >= _GUTTER * size and long
