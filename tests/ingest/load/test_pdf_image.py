"""Pages of PDFs as pictures, of a size that is bounded."""

import io
from collections.abc import Callable
from pathlib import Path

import PIL.Image
import pypdfium2 as pdfium
import pytest

from ingest.errors import DocumentError
from ingest.load.pdf_image import MAX_PIXELS, WIDTH, draw

Write = Callable[[str, bytes], Path]


def test_a_page_is_drawn_with_the_boxes_where_its_ink_is(write: Write, draw_pdf) -> None:
    path = write("a.pdf", draw_pdf([[], [(72, 700, 12, "A clowder is a group of cats.")]]))
    text = "A clowder is a group of cats."
    image = draw(path, 2, text, [(0, len(text)), (0, 1)])
    picture = PIL.Image.open(io.BytesIO(image.data)).convert("L")
    assert (picture.width, picture.height) == (image.width, image.height)
    assert (image.width, image.pages, len(image.boxes)) == (WIDTH, 2, 2)
    [box] = image.boxes[0]
    left, right = int(box[0] * picture.width), int(box[2] * picture.width)
    top, bottom = int(box[1] * picture.height), int(box[3] * picture.height)
    assert picture.crop((left, top, right, bottom)).getextrema()[0] < 100
    picture.paste(255, (left - 2, top - 2, right + 2, bottom + 2))
    assert picture.getextrema()[0] > 200  # no ink outside


@pytest.mark.parametrize("size", [(14_400, 14_400), (20, 14_400), (14_400, 1), (0.5, 0.5)])
def test_a_page_of_absurd_size_becomes_a_picture_of_bounded_size(
    tmp_path: Path, size: tuple[float, float]
) -> None:
    path = tmp_path / "a.pdf"
    with pdfium.PdfDocument.new() as document:
        document.new_page(*size)
        document.save(path)
    image = draw(path, 1)
    assert 0 < image.width * image.height <= 1.01 * MAX_PIXELS
    assert max(image.width, image.height) <= 8_001


def test_what_cannot_be_drawn_is_refused_in_a_line(write: Write, make_pdf) -> None:
    path = write("a.pdf", make_pdf([["One"]]))
    with pytest.raises(DocumentError, match=r"^it has 1 pages, and none of the number 2$"):
        draw(path, 2)
    with pytest.raises(DocumentError, match=r"^the page cannot be drawn \("):
        draw(write("b.pdf", b"%PDF-1.4 and no more"), 1)


def test_a_page_locked_by_a_password_is_refused(corpus: Path) -> None:
    with pytest.raises(DocumentError, match="password"):
        draw(corpus / "hard" / "password.pdf", 1)
