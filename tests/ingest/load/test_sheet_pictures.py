from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import openpyxl
from openpyxl.drawing.image import Image
from scans import as_bytes, drawn

from ingest.load.sheet_pictures import SheetPictures
from ingest.load.sheets import parse


def _book(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "One"
    book.active["A1"] = "cell"
    for place, size in (("B20", (300, 200)), ("B2", (300, 100))):
        book.active.add_image(Image(BytesIO(as_bytes(drawn([], size)))), place)
    book.create_sheet("Two")
    shown = book.create_sheet("Three & more")
    shown.add_image(Image(BytesIO(as_bytes(drawn([], (400, 400))))), "A1")
    book.save(tmp_path / "a.xlsx")
    return tmp_path / "a.xlsx"


def test_a_sheets_pictures_are_found_from_the_top(tmp_path: Path) -> None:
    with ZipFile(_book(tmp_path)) as archive:
        pictures = SheetPictures(archive)
        found = {name: list(pictures.of(name)) for name in ("One", "Two", "Three & more", "None")}
    assert found == {
        "One": [as_bytes(drawn([], (300, 100))), as_bytes(drawn([], (300, 200)))],
        "Two": [],
        "Three & more": [as_bytes(drawn([], (400, 400)))],
        "None": [],
    }


def test_they_stand_below_the_cells_and_make_a_page_of_a_sheet_without(
    tmp_path: Path, sizes_seen: None
) -> None:
    pages, _ = parse(_book(tmp_path))
    assert [(page.number, page.label, page.text) for page in pages] == [
        (1, "One", "cell\n\n300 by 100\n\n300 by 200"),
        (2, "Three & more", "400 by 400"),
    ]


def test_what_is_missing_or_damaged_among_them_is_passed_over(tmp_path: Path) -> None:
    whole = _book(tmp_path)
    with ZipFile(whole) as archive, ZipFile(tmp_path / "b.xlsx", "w") as broken:
        for name in archive.namelist():
            if name != "xl/media/image1.png":
                cut = name == "xl/drawings/drawing2.xml"
                broken.writestr(name, archive.read(name)[:50] if cut else archive.read(name))
    with ZipFile(tmp_path / "b.xlsx") as archive:
        pictures = SheetPictures(archive)
        assert len(list(pictures.of("One"))) == 1
        assert list(pictures.of("Three & more")) == []
