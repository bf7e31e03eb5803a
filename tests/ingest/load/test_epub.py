import zipfile
from pathlib import Path

import pytest
from scans import as_bytes, drawn

from ingest.errors import DocumentError
from ingest.load.epub import parse

CONTAINER = '<container><rootfiles><rootfile full-path="O/p.opf"/></rootfiles></container>'
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf"><metadata
 xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The Book</dc:title></metadata><manifest>
<item id="n" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>
<item id="c" href="cover.xhtml" media-type="application/xhtml+xml"/>
<item id="a" href="text/one%20a.xhtml" media-type="application/xhtml+xml"/>
<item id="b" href="text/two.xhtml" media-type="application/xhtml+xml"/>
<item id="x" href="text/lost.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="c"/><itemref idref="n"/><itemref idref="b"/><itemref idref="a"/>
<itemref idref="x"/></spine></package>"""
NAV = '<nav><ol><li><a href="text/one%20a.xhtml#s">Chapter 一</a></li></ol></nav>'
FILES = {
    "META-INF/container.xml": CONTAINER,
    "O/p.opf": PACKAGE,
    "O/nav.xhtml": f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{NAV}</body></html>',
    "O/cover.xhtml": "<html><body><img src='c.png'/></body></html>",
    "O/text/one a.xhtml": "<html><body><h1>Other</h1><p>First text.</p></body></html>",
    "O/text/two.xhtml": "<html><body><h2>Second</h2><p>Its text.</p></body></html>",
}


def _book(tmp_path: Path, files: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(tmp_path / "a.epub", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return tmp_path / "a.epub"


def test_pages_follow_the_spine_and_are_called_as_the_contents_call_them(tmp_path) -> None:
    pages, title = parse(_book(tmp_path, FILES))
    assert [(p.number, p.label, p.text) for p in pages] == [
        (1, "Second", "Second\n\nIts text."),
        (2, "Chapter 一", "Other\n\nFirst text."),
    ]
    assert title == "The Book"


@pytest.mark.parametrize("lost", ["META-INF/container.xml", "O/p.opf"])
def test_a_book_without_its_package_is_damaged(tmp_path, lost: str) -> None:
    files = {name: text for name, text in FILES.items() if name != lost}
    with pytest.raises(DocumentError, match=f"damaged: {lost} is missing"):
        parse(_book(tmp_path, files))


def test_a_book_with_encrypted_text_says_so(tmp_path) -> None:
    files = {**FILES, "META-INF/encryption.xml": "<encryption/>"}
    files |= dict.fromkeys(["O/text/one a.xhtml", "O/text/two.xhtml"], "")
    with pytest.raises(DocumentError, match="digital rights management"):
        parse(_book(tmp_path, files))


def test_a_files_pictures_are_read_at_its_end_but_for_the_cover(
    tmp_path: Path, sizes_seen: None
) -> None:
    picture = '<svg><image xlink:href="../p/plate%20one.png"/></svg>'
    files = {
        **FILES,
        "O/p.opf": PACKAGE.replace(
            '<item id="x"', '<item id="k" href="c.png" properties="cover-image"/><item id="x"'
        ),
        "O/text/two.xhtml": f"<html><body>{picture}<h2>Second</h2><p>Text.</p></body></html>",
        "O/c.png": as_bytes(drawn([], (300, 400))),
        "O/p/plate one.png": as_bytes(drawn([], (300, 200))),
    }
    pages, _ = parse(_book(tmp_path, files))
    assert [page.text for page in pages] == [
        "Second\n\nText.\n\n300 by 200",
        "Other\n\nFirst text.",
    ]
