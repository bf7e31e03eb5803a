"""What the parsers' tests share: the real files, and PDFs written by hand."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.load.ocr import Piece
from models.settings import get_settings

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def corpus() -> Path:
    folder = Path(__file__).resolve().parents[4] / "shared" / "corpus"
    if not folder.is_dir():
        pytest.skip("the real files of ../shared/corpus are not here")
    return folder


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file of this name and give its path."""

    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


@pytest.fixture
def sizes_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is truly read in pictures: each "says" how large it is."""

    def read(pixels: Any) -> list[Piece]:
        return [Piece(f"{pixels.shape[1]} by {pixels.shape[0]}", 1, 0, 0, 200, 20)]

    monkeypatch.setattr("ingest.load.ocr.read", read)


@pytest.fixture
def ocr_off(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The setting, in this process and those that it starts."""
    monkeypatch.setenv("KVASIR_OCR", "off")
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def make_pdf() -> Callable[..., bytes]:
    """A PDF of Latin text, a list of lines per page, with metadata and page labels if wanted."""
    return _pdf


@pytest.fixture(scope="session")
def draw_pdf() -> Callable[..., bytes]:
    """A PDF whose pages hold texts where they are put, and lines.

    A page is a list of texts (x, y, size, words), bold where a fifth is true, and of lines
    (x0, y0, x1, y1). Points from the left and from below, on a page of 612 by 792.
    """
    return _drawn


def _pdf(pages: list[list[str]], title: str = "", roman: bool = False) -> bytes:
    streams = []
    for lines in pages:
        shown = " ".join(f"({line}) Tj T*" for line in lines)
        streams.append(f"BT /F1 12 Tf 14 TL 72 720 Td {shown} ET" if lines else "")
    return _file(streams, title, roman)


def _drawn(
    pages: list[list[tuple[float | str | bool, ...]]], title: str = "", rotate: int = 0
) -> bytes:
    return _file([" ".join(map(_mark, page)) for page in pages], title, rotate=rotate)


def _mark(mark: tuple[float | str | bool, ...]) -> str:
    if not any(isinstance(part, str) for part in mark):
        return "{} {} m {} {} l S".format(*mark)
    x, y, size, words, bold = (*mark, False)[:5]
    return f"BT /F{2 if bold else 1} {size} Tf {x} {y} Td ({words}) Tj ET"


def _file(streams: list[str], title: str, roman: bool = False, rotate: int = 0) -> bytes:
    kids = " ".join(f"{10 + 2 * i} 0 R" for i in range(len(streams)))
    labels = "/PageLabels << /Nums [0 << /S /r >>] >>" if roman else ""
    font = "<< /Type /Font /Subtype /Type1 /BaseFont"
    objects = {
        1: f"<< /Type /Catalog /Pages 2 0 R {labels} >>",
        2: f"<< /Type /Pages /Kids [{kids}] /Count {len(streams)} >>",
        3: f"{font} /Helvetica >>",
        4: f"<< /Title ({title}) >>",
        5: f"{font} /Helvetica-Bold >>",
    }
    for i, stream in enumerate(streams):
        objects[10 + 2 * i] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {11 + 2 * i} 0 R"
            f" /Rotate {rotate} /Resources << /Font << /F1 3 0 R /F2 5 0 R >> >> >>"
        )
        objects[11 + 2 * i] = f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream"
    out = "%PDF-1.4\n"
    places = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += f"{number} 0 obj\n{body}\nendobj\n"
    start = len(out)
    out += "xref\n0 1\n0000000000 65535 f \n"
    out += "".join(f"{number} 1\n{at:010} 00000 n \n" for number, at in places.items())
    size = max(objects) + 1
    out += f"trailer << /Root 1 0 R /Info 4 0 R /Size {size} >>\nstartxref\n{start}\n%%EOF\n"
    return out.encode("latin-1")
