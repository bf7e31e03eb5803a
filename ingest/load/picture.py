"""Picture files, and how pictures of any origin are opened: bounded, upright, on white."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import DocumentError
from ingest.load.damage import damaged
from ingest.load.draft import Draft
from ingest.load.limits import check_pictures
from ingest.load.ocr import OFF, is_off, read
from ingest.load.seen import blocks_in, write_blocks
from ingest.load.steps import step
from ingest.load.strips import fitting
from ingest.page import Page

if TYPE_CHECKING:
    from PIL.Image import Image

    from ingest.load.strips import Pixels

_MOST = 89_000_000  # pixels, should Pillow have no limit of its own
# Pillow knows more, and hands some of them (EPS) to other programs.
_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")
# What Pillow lets through from a damaged picture.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    ZeroDivisionError,
    NotImplementedError,
    struct.error,
    zlib.error,
)


def parse(path: Path) -> tuple[list[Page], str]:
    """A Page for every page of a TIFF; one for other pictures, of moving ones the first frame.

    Raises DocumentError with OCR off.
    """
    if is_off():
        raise DocumentError(f"a picture, and {OFF}")
    pages = []
    with open_picture(path) as picture:
        frames = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
        check_pictures(frames)
        for frame in range(frames):
            step(frame, frames)
            if frame:
                picture.seek(frame)
                _check_size(picture)
            draft = Draft()
            write_blocks(blocks_in(read(pixels_of(picture))), draft)
            pages.append(draft.page(frame + 1, str(frame + 1) if frames > 1 else ""))
    return pages, ""


@contextmanager
def open_picture(source: Path | bytes) -> Iterator[Image]:
    """A picture, not yet unpacked.

    Raises DocumentError, inside the block too, where it is damaged or too large to be unpacked.
    """
    import PIL.Image

    path = source if isinstance(source, Path) else Path("picture")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", PIL.Image.DecompressionBombWarning)
            # What else it warns of is no more than a flaw.
            warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
            opened = source if isinstance(source, Path) else io.BytesIO(source)
            with PIL.Image.open(opened, formats=_FORMATS) as picture:
                yield picture
    except (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning) as error:
        raise DocumentError(_too_large()) from error
    except _DAMAGE as error:
        raise damaged("a picture", error, path) from error


def pixels_of(picture: Image) -> Pixels:
    """The picture as it shows: turned as its EXIF data say, on white where it is transparent, and
    made smaller where it is too large to be read."""
    import numpy
    import PIL.Image
    import PIL.ImageOps

    share = fitting(*picture.size)
    if share < 1:  # JPEGs can be unpacked smaller at once
        picture.draft("RGB", (round(share * picture.width), round(share * picture.height)))
    shown = PIL.ImageOps.exif_transpose(picture) or picture
    if "A" in shown.getbands() or "transparency" in shown.info:
        shown = shown.convert("RGBA")
        white = PIL.Image.new("RGBA", shown.size, "white")
        shown = PIL.Image.alpha_composite(white, shown)
    elif shown.mode.startswith(("I", "F")):  # more than 8 bits of grey
        grey = numpy.asarray(shown, dtype="float64")
        darkest, lightest = float(grey.min()), float(grey.max())
        shown = PIL.Image.fromarray(
            ((grey - darkest) * (255 / max(lightest - darkest, 1e-9))).round().astype("uint8")
        )
    shown = shown.convert("RGB")
    share = fitting(*shown.size)
    if share < 1:
        size = (max(1, int(share * shown.width)), max(1, int(share * shown.height)))
        shown = shown.resize(size, PIL.Image.Resampling.BOX, reducing_gap=2.0)
    return numpy.asarray(shown)


def _check_size(picture: Image) -> None:
    """Raise DocumentError for a later frame that is too large: Pillow looks at the first only."""
    import PIL.Image

    if picture.width * picture.height > (PIL.Image.MAX_IMAGE_PIXELS or _MOST):
        raise DocumentError(_too_large())


def _too_large() -> str:
    import PIL.Image

    most = (PIL.Image.MAX_IMAGE_PIXELS or _MOST) // 1_000_000
    return f"refused: a picture of more than {most} million pixels: make it smaller"
