import zipfile
from pathlib import Path

import docx
import pytest

from ingest.errors import DocumentError
from ingest.load import SUFFIXES, load

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


def test_a_file_becomes_pages_a_format_and_a_title(write, make_pdf) -> None:
    loaded = load(write("My  notes.txt", "words"))
    assert (loaded.pages[0].text, loaded.format, loaded.title) == ("words", "text", "My notes")
    assert load(write("b.pdf", make_pdf([["x"]], title="Untitled"))).title == "b"
    assert load(write("c.pdf", make_pdf([["x"]], title="On tea"))).title == "On tea"


def test_an_upload_goes_by_the_name_it_was_given(write) -> None:
    loaded = load(write("tmp1234", "# Head\n"), name="Guide.MD")
    assert (loaded.format, loaded.title) == ("markdown", "Head")
    assert load(write("tmp1234", "x"), name="Notes.txt").title == "Notes"


def test_text_is_read_whatever_its_suffix(write) -> None:
    assert ".nix" not in SUFFIXES
    assert load(write("a.nix", "{ pkgs }: 1")).format == "text"
    assert load(write("Makefile", "all:\n\ttrue\n")).pages[0].text == "all:\n\ttrue\n"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.txt", b"", "^empty file$"),
        ("a.txt", b" \n\n", "^no text in it$"),
        ("a.pdf", b"<html>no</html>", r"^not a PDF, though named \.pdf \(it starts with '<html>no"),
        ("a.txt", b"%PDF-1.4\n", r"^a PDF, though named \.txt: rename it to \.pdf$"),
        ("a.docx", OLE, r"^an Office file of the old kind .*, though named \.docx: save it as"),
        ("a.doc", OLE, r"^not a supported format \(\.doc, an Office file .*: save it as \.docx"),
        ("a.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), "^protected by a password"),
        ("a.docx", b"PK\x03\x04 cut", "^damaged: a ZIP archive, but no Word document in it"),
        ("a.png", PNG, r"^damaged: not readable as a picture \("),
        ("a.png", b"text", r"^not a PNG picture, though named \.png \(it starts with 'text'\)$"),
        ("a.bin", PNG, r"^not a supported format \(\.bin, a PNG picture\): rename it to \.png$"),
        ("a.heic", b"\0\0\0\x18ftypheic" + bytes(20), r"a HEIF picture .*: save it as \.jpg or"),
        ("a.html", PNG, r"^a PNG picture, though named \.html: rename it to \.png$"),
        ("a.rtf", b"{\\rtf1 x}", r"save it as \.docx"),
        ("a.bin", bytes(range(256)) * 4, r"^not a supported format \(\.bin\): supported are PDF"),
        ("a", bytes(range(256)) * 4, r"^not a supported format \(no suffix\)"),
        ("a.txt", bytes(range(256)) * 4, "^binary data, not text$"),
    ],
)
def test_what_cannot_be_read_is_named(write, name: str, data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason) as error:
        load(write(name, data))
    assert "\n" not in str(error.value)


def test_one_office_format_under_the_name_of_another_is_named(tmp_path: Path) -> None:
    docx.Document().save(str(tmp_path / "a.xlsx"))
    with pytest.raises(
        DocumentError, match=r"^a Word document, though named \.xlsx: rename it to \.docx"
    ):
        load(tmp_path / "a.xlsx")


def test_pages_without_text_are_named(write, make_pdf) -> None:
    with pytest.raises(DocumentError, match=r"^no text in its 3 pages, and none in pictures that"):
        load(write("a.pdf", make_pdf([[], [], []])))


def test_a_missing_file_and_a_folder_are_no_documents(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"^no such file$"):
        load(tmp_path / "none.txt")
    with pytest.raises(DocumentError, match=r"^not a file$"):
        load(tmp_path)


def test_an_office_bomb_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * (80 << 20))
    with pytest.raises(DocumentError, match="ZIP bomb"):
        load(tmp_path / "a.docx")
