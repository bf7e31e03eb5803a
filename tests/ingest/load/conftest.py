"""What the parsers' tests share: the real files, and PDFs written by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest


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


@pytest.fixture(scope="session")
def make_pdf() -> Callable[..., bytes]:
    """A PDF of Latin text, a list of lines per page, with metadata and page labels if wanted."""
    return _pdf


def _pdf(pages: list[list[str]], title: str = "", roman: bool = False) -> bytes:
    kids = " ".join(f"{10 + 2 * i} 0 R" for i in range(len(pages)))
    labels = "/PageLabels << /Nums [0 << /S /r >>] >>" if roman else ""
    objects = {
        1: f"<< /Type /Catalog /Pages 2 0 R {labels} >>",
        2: f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        3: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        4: f"<< /Title ({title}) >>",
    }
    for i, lines in enumerate(pages):
        shown = " ".join(f"({line}) Tj T*" for line in lines)
        stream = f"BT /F1 12 Tf 14 TL 72 720 Td {shown} ET" if lines else ""
        objects[10 + 2 * i] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {11 + 2 * i} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
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
