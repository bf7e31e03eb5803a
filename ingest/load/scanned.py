"""Pages of a PDF that have no text of their own, or none that can be used: read by their looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from ingest.load.garbled import GARBLED, garbled
from ingest.load.limits import check_pictures
from ingest.load.ocr import is_off, read
from ingest.load.pdf_blocks import Block
from ingest.load.seen import blocks_in
from ingest.load.steps import step
from ingest.load.strips import DPI, fitting

if TYPE_CHECKING:
    from ingest.load.strips import Pixels

# Characters on a page: with fewer, a picture that may hold text is read; with fewer than LITTLE,
# as a stamp or a header over a scan has, one that covers most of the page.
_FEW, _LITTLE = 50, 400
_MOST = 0.5  # of the page
_SOME = 0.02
_SIDE = 36.0  # points: a picture less high or wide is an icon or a rule
_OBJECTS = 5_000  # that are looked at
_DEEP = 3  # forms within forms


def read_scans(document: pdfium.PdfDocument, pages: Sequence[list[Block]]) -> list[list[Block]]:
    """The pages' blocks, with those read that are pictures or whose text is garbled.

    Text that is there besides is kept, and stands before what was read. With OCR off all stay as
    they are. Raises DocumentError for a document with more such pages than can be read.
    """
    found = list(pages)
    if is_off():
        return found
    scans = [index for index, blocks in enumerate(pages) if _is_scan(document, index, blocks)]
    check_pictures(len(scans))
    body = _body(pages)
    for index in scans:
        step(index, len(pages))
        found[index] = _read(document, index, pages[index], body)
    return found


def _body(pages: Sequence[Sequence[Block]]) -> float:
    """The size of most of the text that is there, which headings are told by."""
    sizes: Counter[float] = Counter()
    for blocks in pages:
        for block in blocks:
            if block.size:
                sizes[block.size] += len(block.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def _is_scan(document: pdfium.PdfDocument, index: int, blocks: Sequence[Block]) -> bool:
    text = _text(blocks)
    if garbled(text) >= GARBLED:
        return True
    letters = len(_letters(text))
    if letters >= _LITTLE:
        return False
    try:
        page = document[index]
    except pdfium.PdfiumError:
        return False
    try:
        return _shows_more(page, letters)
    except pdfium.PdfiumError:
        return False
    finally:
        page.close()


def _shows_more(page: pdfium.PdfPage, letters: int) -> bool:
    if not letters:  # letters may be drawn, too
        return any(True for _ in page.get_objects(max_depth=1))
    shares = _picture_shares(page)
    if letters < _FEW:
        return max(shares, default=0.0) >= _SOME
    return sum(shares) >= _MOST


def _picture_shares(page: pdfium.PdfPage) -> list[float]:
    """How much of the page each of its pictures covers that is large enough for text."""
    area = page.get_width() * page.get_height()
    pictures = page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=_DEEP)
    shares = []
    for picture in islice(pictures, _OBJECTS):
        left, bottom, right, top = picture.get_bounds()
        if min(right - left, top - bottom) >= _SIDE:
            shares.append((right - left) * (top - bottom) / area if area > 0 else 0.0)
    return shares


def _read(
    document: pdfium.PdfDocument, index: int, blocks: list[Block], body: float
) -> list[Block]:
    try:
        pixels = _rendered(document, index)
    except pdfium.PdfiumError:
        return blocks
    if pixels.min() == pixels.max():
        return blocks
    pieces = read(pixels)
    text = _text(blocks)
    if garbled(text) >= GARBLED:
        return blocks_in(pieces, body) or blocks
    known = _letters(text)
    new = [piece for piece in pieces if _letters(piece.text) not in known]
    return [*blocks, *blocks_in(new, body)]


def _rendered(document: pdfium.PdfDocument, index: int) -> Pixels:
    page = document[index]
    try:
        scale = DPI / 72
        width, height = (max(1.0, scale * side) for side in page.get_size())
        bitmap = page.render(scale=scale * fitting(width, height), rev_byteorder=True)
        try:
            pixels: Pixels = bitmap.to_numpy()[:, :, :3].copy()
        finally:
            bitmap.close()
    finally:
        page.close()
    return pixels


def _text(blocks: Sequence[Block]) -> str:
    return "\n".join(block.text for block in blocks)


def _letters(text: str) -> str:
    """What two readings of one line have in common: its letters and figures alone."""
    return "".join(filter(str.isalnum, text.casefold()))
