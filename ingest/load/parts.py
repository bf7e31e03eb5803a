"""Very long pages into parts: a log of 50 MB is one page to its parser, too long for the rest.

Whoever shows a passage reads its page, and who splits one holds all its tokens.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ingest.page import BEFORE, Page, continued

LONGEST = 4_000_000
"""Characters of a page: twice a long novel."""

_BREAKS = ("\n\n", "\n", " ")


def in_parts(pages: Iterable[Page], longest: int = LONGEST) -> Iterator[Page]:
    """The pages, those that are too long cut between paragraphs, and all counted anew.

    The parts of page "A" are labelled "A 1/3" and so on. No character is lost.
    """
    number = 0
    for page in pages:
        parts = list(continued(_parts(page, longest))) if len(page.text) > longest else [page]
        for part, of_page in enumerate(parts, start=1):
            number += 1
            label = f"{page.label} {part}/{len(parts)}".strip() if len(parts) > 1 else page.label
            yield replace(of_page, number=number, label=label)


def _parts(page: Page, longest: int) -> Iterator[Page]:
    start = 0
    while start < len(page.text):
        end = _end(page.text, start, longest)
        first = start or BEFORE
        headings = (h for h in page.headings if first <= h.start < end)
        moved = tuple(replace(h, start=max(h.start - start, BEFORE)) for h in headings)
        yield Page(page.number, page.text[start:end], page.label, moved)
        start = end


def _end(text: str, start: int, longest: int) -> int:
    """Where a part that begins at `start` ends: behind the last good break that it has room for."""
    most = start + longest
    if most >= len(text):
        return len(text)
    for between in _BREAKS:
        place = text.rfind(between, start + longest // 2, most)
        if place >= 0:
            return place + len(between)
    return most
