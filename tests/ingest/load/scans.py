"""Pictures of text, and PDFs that show them, made on the spot."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw
from PIL import Image, ImageDraw, ImageFont

TIDE = ["The tide turned at dawn,", "and forty boats put out", "to the northern banks."]


def drawn(lines: Sequence[str], size: tuple[int, int] = (640, 360), letters: int = 36) -> Image:
    """A white picture with these lines, black."""
    picture = Image.new("RGB", size, "white")
    font = ImageFont.load_default(letters)
    for number, line in enumerate(lines):
        place = (40, letters + int(1.5 * letters * number))
        ImageDraw.Draw(picture).text(place, line, "black", font)
    return picture


def as_bytes(picture: Image, form: str = "PNG") -> bytes:
    data = io.BytesIO()
    picture.save(data, form)
    return data.getvalue()


def pdf_page(path: Path, words: str = "", box: tuple[int, int, int, int] | None = None) -> Path:
    """A PDF of one page with words at its foot, and a grey picture in a box (left, bottom, right,
    top in points on a page of 600 by 800)."""
    document = pdfium.PdfDocument.new()
    page = document.new_page(600, 800)
    if box is not None:
        image = pdfium.PdfImage.new(document)
        image.set_bitmap(pdfium.PdfBitmap.from_pil(Image.linear_gradient("L").convert("RGB")))
        matrix = pdfium.PdfMatrix().scale(box[2] - box[0], box[3] - box[1])
        image.set_matrix(matrix.translate(box[0], box[1]))
        page.insert_obj(image)
    if words:
        text = raw.FPDFPageObj_NewTextObj(document.raw, b"Helvetica", 12)
        letters = (words + "\0").encode("utf-16-le")
        raw.FPDFText_SetText(text, (raw.FPDF_WCHAR * (len(letters) // 2)).from_buffer_copy(letters))
        raw.FPDFPageObj_Transform(text, 1, 0, 0, 1, 40, 40)
        raw.FPDFPage_InsertObject(page.raw, text)
    page.gen_content()
    document.save(path)
    return path
