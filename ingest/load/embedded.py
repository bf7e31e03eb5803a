"""Pictures inside documents: those large enough for text are read, each once."""

from __future__ import annotations

from hashlib import blake2b

from ingest.errors import DocumentError
from ingest.load.draft import Draft
from ingest.load.limits import check_pictures
from ingest.load.steps import still_at_work

SHORT, LONG = 40, 120  # pixels of the sides: smaller ones are icons, bullets and rules
_MOST_BYTES = 100 << 20


class Pictures:
    """The pictures of one document."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._read = 0

    def write(self, data: bytes, draft: Draft, name: str = "") -> None:
        """Write a picture's text as a block of its own, behind its name if it is given one.

        Nothing is written for pictures too small for text, of kinds that cannot be opened
        (drawings made of vectors, most of all), damaged ones, and ones that came before: logos
        stand on every slide. With OCR off nothing is written. Raises DocumentError where there are
        too many to read them all.
        """
        from ingest.load.ocr import is_off, read

        digest = blake2b(data, digest_size=16).digest()
        if is_off() or digest in self._seen or not 0 < len(data) <= _MOST_BYTES:
            return
        self._seen.add(digest)
        from ingest.load.picture import open_picture, pixels_of
        from ingest.load.seen import blocks_in, write_blocks

        try:
            with open_picture(data) as picture:
                if min(picture.size) < SHORT or max(picture.size) < LONG:
                    return
                pixels = pixels_of(picture)
        except DocumentError:  # it is no reason to refuse the text around it
            return
        self._read += 1
        check_pictures(self._read)
        blocks = blocks_in(read(pixels))
        still_at_work()
        if blocks and name:
            draft.gap()
            draft.line(f"{name}:")
        write_blocks(blocks, draft)
