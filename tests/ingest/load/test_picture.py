import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scans import TIDE, as_bytes, drawn

from ingest.errors import DocumentError
from ingest.load import load_in_worker
from ingest.load.ocr import Piece
from ingest.load.picture import open_picture, parse, pixels_of
from ingest.load.strips import MAX_PIXELS


def test_the_pages_of_a_tiff_are_the_documents_and_read(tmp_path: Path) -> None:
    path = tmp_path / "fax.tif"
    pages = [drawn(TIDE).convert("1"), drawn(["Second sheet"], (400, 150)).convert("1")]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    told: list[tuple[int, int]] = []
    loaded = load_in_worker(path, progress=lambda *step: told.append(step))
    assert [(page.label, page.text) for page in loaded.pages] == [
        ("1", "\n".join(TIDE)),
        ("2", "Second sheet"),
    ]
    assert (loaded.format, loaded.title) == ("tiff", "fax")
    assert list(dict.fromkeys(told)) == [(0, 2), (1, 2)]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP", "GIF"])
def test_pictures_of_every_kind_are_opened_under_any_pictures_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    from ingest.load import load

    monkeypatch.setattr("ingest.load.picture.read", lambda _: [Piece("seen", 1, 0, 0, 80, 20)])
    path = tmp_path / "a.png"
    path.write_bytes(as_bytes(Image.new("L", (90, 30), 200), form))
    loaded = load(path)
    assert (loaded.format, loaded.title) == (form.lower(), "a")
    assert [(page.text, page.label) for page in loaded.pages] == [("seen", "")]


@pytest.mark.usefixtures("ocr_off")
def test_with_ocr_off_a_picture_is_named_as_one_that_is_not_read(tmp_path: Path) -> None:
    from ingest.load import load

    drawn(TIDE).save(tmp_path / "a.png")
    with pytest.raises(DocumentError, match=r"^a picture, and OCR is off: set KVASIR_OCR=auto to"):
        load(tmp_path / "a.png")


def test_a_photo_stands_as_its_camera_says(tmp_path: Path) -> None:
    lying = Image.new("RGB", (80, 40), "white")
    lying.paste("red", (0, 0, 20, 40))
    exif = Image.Exif()
    exif[0x0112] = 6  # its right side is up
    lying.save(tmp_path / "a.png", exif=exif)
    with open_picture(tmp_path / "a.png") as picture:
        pixels = pixels_of(picture)
    assert pixels.shape == (80, 40, 3)
    assert (pixels[:20] == (255, 0, 0)).all()
    assert (pixels[20:] == 255).all()


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (50, 50), (0, 0, 0, 0))
    with open_picture(as_bytes(clear)) as picture:
        assert (pixels_of(picture) == 255).all()
    with open_picture(as_bytes(clear.convert("P"), "GIF")) as picture:
        assert pixels_of(picture).shape == (50, 50, 3)


def test_deep_greys_keep_their_difference() -> None:
    grey = Image.fromarray(np.array([[1000, 1200], [1040, 1200]], dtype="uint16"))
    with open_picture(as_bytes(grey)) as picture:
        assert pixels_of(picture)[:, :, 0].tolist() == [[0, 255], [51, 255]]


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_large_pictures_are_made_smaller_in_proportion(form: str) -> None:
    with open_picture(as_bytes(Image.new("L", (6000, 3000)), form)) as picture:
        height, width, _ = pixels_of(picture).shape
    assert 0.5 * MAX_PIXELS < height * width <= MAX_PIXELS
    assert width == pytest.approx(2 * height, rel=0.01)


def test_pictures_that_would_fill_the_memory_are_refused(tmp_path: Path) -> None:
    for side in (12_000, 60_000):  # Pillow warns of the first, and refuses the second
        head = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
        bomb = b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT" + bytes(4)
        (tmp_path / "a.png").write_bytes(bomb)
        with pytest.raises(DocumentError, match=r"^refused: a picture of more than 89 million pix"):
            parse(tmp_path / "a.png")


def test_damaged_pictures_are_named(tmp_path: Path) -> None:
    whole = as_bytes(drawn(TIDE))
    for data in (whole[:40], whole[: len(whole) // 2], whole[:60] + bytes(500)):
        (tmp_path / "a.png").write_bytes(data)
        with pytest.raises(DocumentError, match=r"^damaged: not readable as a picture \("):
            parse(tmp_path / "a.png")


def test_what_would_be_handed_to_another_program_is_not_opened() -> None:
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 300 200\n%%EndComments\nshowpage\n"
    with pytest.raises(DocumentError, match=r"^damaged: not readable as a picture"):
        open_picture(eps).__enter__()


def test_a_tiff_of_too_many_pages_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.load.limits.MAX_PICTURES", 2)
    page = Image.new("1", (10, 10))
    page.save(tmp_path / "a.tif", save_all=True, append_images=[page, page])
    with pytest.raises(DocumentError, match=r"^refused: more than 2 scanned pages or pictures"):
        parse(tmp_path / "a.tif")
