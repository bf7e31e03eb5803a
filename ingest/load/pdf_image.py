"""One page of a PDF as a picture, and where on it the words of some spans stand.

How large the picture may be is fixed here; what it may cost is up to the process that it is made
in (`ingest.load.image_child`), for the file is a stranger's.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from math import sqrt
from pathlib import Path

import pypdfium2 as pdfium

from ingest.errors import DocumentError
from ingest.load.drawn import PageImage
from ingest.load.pdf_annotations import with_annotations
from ingest.load.pdf_boxes import boxes_of
from ingest.load.placing import Span

WIDTH = 1500
"""Pixels: twice what the widest panel shows, for sharp screens and for looking closer."""

MAX_PIXELS = 4_000_000
"""Of one picture: an A4 page has 3.2 million at WIDTH. A sheet of absurd size becomes smaller."""

_LONGEST = 8_000  # pixels of a side
_QUALITY = 80


def draw(path: Path, number: int, text: str = "", spans: Sequence[Span] = ()) -> PageImage:
    """The picture of a page, counted from 1; `text` is the page's text, which the spans are of.

    Raises DocumentError for what is no PDF that can be opened, or has no such page.
    """
    try:
        with pdfium.PdfDocument(path) as document:
            pages = len(document)
            if not 1 <= number <= pages:
                raise DocumentError(f"it has {pages} pages, and none of the number {number}")
            page = with_annotations(document, number - 1)
            try:
                data, width, height = _drawn(page)
                boxes = boxes_of(page, text, spans) if spans else []
            finally:
                page.close()
    except pdfium.PdfiumError as error:
        raise DocumentError(f"the page cannot be drawn ({error})") from error
    return PageImage(data, width, height, pages, tuple(map(tuple, boxes)))


def _drawn(page: pdfium.PdfPage) -> tuple[bytes, int, int]:
    width, height = (max(side, 1.0) for side in page.get_size())
    scale = min(WIDTH / width, _LONGEST / max(width, height), sqrt(MAX_PIXELS / width / height))
    bitmap = page.render(scale=scale, rev_byteorder=True)
    try:
        picture = bitmap.to_pil().convert("RGB")
    finally:
        bitmap.close()
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue(), picture.width, picture.height
