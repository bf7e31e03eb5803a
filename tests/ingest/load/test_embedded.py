import pytest
from PIL import Image
from scans import as_bytes

from ingest.errors import DocumentError
from ingest.load.draft import Draft
from ingest.load.embedded import Pictures
from ingest.load.steps import listening

pytestmark = pytest.mark.usefixtures("sizes_seen")


def png(width: int, height: int, colour: str = "grey") -> bytes:
    return as_bytes(Image.new("RGB", (width, height), colour))


def text_of(*pictures: bytes, name: str = "") -> str:
    draft, seen = Draft(), Pictures()
    draft.line("before")
    for data in pictures:
        seen.write(data, draft, name)
    draft.line("after")
    return draft.page(1).text


def test_a_picture_is_read_where_it_stands() -> None:
    assert text_of(png(300, 200)) == "before\n\n300 by 200\n\nafter"
    assert text_of(png(300, 200), name="a.png") == "before\n\na.png:\n\n300 by 200\n\nafter"


def test_icons_rules_drawings_and_damaged_pictures_are_passed_over() -> None:
    for data in (png(32, 32), png(900, 8), b"", b"\xd7\xcd\xc6\x9a metafile", png(300, 200)[:60]):
        assert text_of(data) == "before\nafter"


@pytest.mark.usefixtures("ocr_off")
def test_with_ocr_off_pictures_give_no_text() -> None:
    assert text_of(png(300, 200), name="a.png") == "before\nafter"


def test_a_picture_that_comes_again_is_read_once() -> None:
    assert text_of(png(300, 200), png(300, 100), png(300, 200)).count("300 by 200") == 1


def test_too_many_pictures_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.load.limits.MAX_PICTURES", 2)
    with pytest.raises(DocumentError, match=r"^refused: more than 2 scanned pages or pictures"):
        text_of(*(png(300, 200 + n) for n in range(3)))


def test_every_picture_is_a_sign_of_life() -> None:
    told: list[tuple[int, int]] = []
    with listening(lambda *step: told.append(step)):
        text_of(png(300, 200), png(300, 100))
    assert told == [(0, 0), (0, 0)]
