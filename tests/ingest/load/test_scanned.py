from pathlib import Path

import pytest
from scans import drawn, pdf_page

from ingest.errors import DocumentError
from ingest.load import load, scanned
from ingest.load.ocr import Piece
from ingest.load.pdf import parse
from ingest.load.strips import MAX_PIXELS

WHOLE = (0, 0, 600, 800)
LONG = "A page whose words are there to be read. " * 20


@pytest.fixture(autouse=True)
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """What was looked at, by its size; every page "says" two lines."""
    looked_at: list[tuple[int, ...]] = []

    def read(pixels: object) -> list[Piece]:
        looked_at.append(pixels.shape)
        lines = ["Received 4 May", "Seen in the picture"]
        return [Piece(line, 1, 40, 40 + 40 * n, 400, 65 + 40 * n) for n, line in enumerate(lines)]

    monkeypatch.setattr(scanned, "read", read)
    return looked_at


@pytest.mark.parametrize(
    ("words", "box", "text"),
    [
        ("", WHOLE, "Received 4 May\nSeen in the picture"),
        ("", (0, 0, 60, 60), "Received 4 May\nSeen in the picture"),
        ("Received 4 May", WHOLE, "Received 4 May\n\nSeen in the picture"),
        ("Received 4 May, " * 5, WHOLE, "Received 4 May, " * 5 + "\n\nSeen in the picture"),
        ("Our logo", (10, 10, 200, 100), "Our logo\n\nReceived 4 May\nSeen in the picture"),
        ("Our icon", (10, 10, 40, 40), "Our icon"),
        ("Received 4 May, " * 5, (0, 0, 200, 200), "Received 4 May, " * 5),
        (LONG, WHOLE, LONG),
        ("", None, ""),
    ],
)
def test_a_page_is_read_by_its_looks_if_it_has_little_text_and_shows_more(
    tmp_path: Path, words: str, box: tuple[int, int, int, int] | None, text: str
) -> None:
    pages, _ = parse(pdf_page(tmp_path / "a.pdf", words, box))
    assert pages[0].text.split("\n") == [line.strip() for line in text.split("\n")]


def test_garbled_text_gives_way_to_what_is_seen(tmp_path: Path) -> None:
    path = pdf_page(tmp_path / "a.pdf", "(cid:12)(cid:7) (cid:44)" * 9)
    assert parse(path)[0][0].text == "Received 4 May\nSeen in the picture"


def test_garbled_text_stays_where_nothing_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanned, "read", lambda _: [])
    path = pdf_page(tmp_path / "a.pdf", "(cid:12)(cid:7) (cid:44)" * 9)
    assert parse(path)[0][0].text.startswith("(cid:12)")


@pytest.mark.usefixtures("ocr_off")
def test_with_ocr_off_no_page_is_looked_at(tmp_path: Path, seen: list) -> None:
    assert parse(pdf_page(tmp_path / "a.pdf", "Our logo", WHOLE))[0][0].text == "Our logo"
    garbled = "(cid:12)(cid:7) (cid:44)" * 9
    assert parse(pdf_page(tmp_path / "b.pdf", garbled))[0][0].text == garbled
    with pytest.raises(DocumentError, match=r"^no text in its one page, and OCR is off: set KVA"):
        load(pdf_page(tmp_path / "c.pdf", "", WHOLE))
    assert seen == []


def test_pages_are_looked_at_in_a_bounded_size(tmp_path: Path, seen: list) -> None:
    drawn(["x"], (900, 300)).save(tmp_path / "a.pdf", resolution=1.0)  # a page of twelve metres
    parse(tmp_path / "a.pdf")
    assert seen[0][0] * seen[0][1] == pytest.approx(MAX_PIXELS, rel=0.01)


def test_too_many_scans_are_refused_before_any_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: list
) -> None:
    monkeypatch.setattr("ingest.load.limits.MAX_PICTURES", 2)
    page = drawn(["x"], (60, 60))
    page.save(tmp_path / "a.pdf", save_all=True, append_images=[page, page])
    with pytest.raises(DocumentError, match=r"^refused: more than 2 scanned pages or pictures in"):
        parse(tmp_path / "a.pdf")
    assert seen == []
