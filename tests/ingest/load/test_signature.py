import zipfile
from pathlib import Path

import pytest

from ingest.load.signature import NAMES, kind_of, opening


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"%PDF-1.7\n", "pdf"),
        (b"junk\n%PDF-1.7\n...%%EOF\n", "pdf"),
        (b"This text is about %PDF- files", ""),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "ole"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "locked"),
        (b"{\\rtf1", "rtf"),
        (b"RIFF1234WEBPVP8 ", "webp"),
        (b"BM" + bytes(12) + b"\x28\0\0\0", "bmp"),
        (b"BM is a maker of cars, said he.", ""),
        (b"\0\0\0\x18ftypheic", "heif"),
        (b"\0\0\0\x18ftypisom", "mp4"),
        (b"PK\x03\x04 and nothing more", "zip"),
        ("中文".encode(), ""),
    ],
)
def test_the_first_bytes_say_what_a_file_is(write, head: bytes, kind: str) -> None:
    assert kind_of(write("a", head)) == kind
    assert not kind or kind in NAMES


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["[Content_Types].xml", "word/document.xml"], "docx"),
        (["ppt/presentation.xml"], "pptx"),
        (["xl/workbook.xml"], "xlsx"),
        (["mimetype", "META-INF/container.xml"], "epub"),
        (["a.txt"], "zip"),
    ],
)
def test_what_is_inside_a_zip_says_what_it_is(tmp_path: Path, names: list[str], kind: str) -> None:
    with zipfile.ZipFile(tmp_path / "a", "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    assert kind_of(tmp_path / "a") == kind


def test_an_opening_is_shown_in_ascii(write) -> None:
    assert opening(write("a", b"<html>\n\xff\x00")) == r"'<html>\n\ufffd\x00'"
