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


def test_a_page_is_called_after_the_chapter_that_begins_in_it_not_the_end_of_the_one_before(
    tmp_path: Path,
) -> None:
    page_list = (
        '<nav epub:type="page-list"><ol><li><a href="text/two.xhtml#p9">9</a></li></ol></nav>'
    )
    inner = '<ol><li><a href="text/two.xhtml#i">Last section</a></li></ol>'
    items = (
        f'<li><a href="text/one%20a.xhtml">Chapter 1</a>{inner}</li>'
        '<li><a href="text/two.xhtml#c"><span>Chapter</span> 2</a></li>'
        '<li><a href="text/two.xhtml#d">Chapter 3</a></li>'
        '<li><a href="cover.xhtml"><img src="c.png"/></a></li>'
    )
    nav = (
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">'
        f'<body>{page_list}<nav epub:type="toc"><ol>{items}</ol></nav></body></html>'
    )
    untold = "<html><body><h3>Last section</h3><p>Its end.</p><h1>Untold</h1></body></html>"
    files = {**FILES, "O/nav.xhtml": nav, "O/cover.xhtml": untold}
    pages, _ = parse(_book(tmp_path, files))
    assert [page.label for page in pages] == ["Untold", "Chapter 2", "Chapter 1"]


def test_the_contents_of_older_books_are_read_alike(tmp_path: Path) -> None:
    def point(title: str, src: str, inner: str = "") -> str:
        label = f"<navLabel><text>{title}</text></navLabel>"
        return f'<navPoint>{label}<content src="{src}"/>{inner}</navPoint>'

    inner = point("Last section", "text/two.xhtml#i")
    points = point("Chapter 1", "text/one%20a.xhtml", inner) + point("Chapter 2", "text/two.xhtml")
    ncx = f'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>{points}</navMap></ncx>'
    listed = '<item id="t" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest>'
    files = {
        **FILES,
        "O/p.opf": PACKAGE.replace("</manifest>", listed).replace('properties="nav"', ""),
        "O/toc.ncx": ncx,
    }
    pages, _ = parse(_book(tmp_path, files))
    assert [page.label for page in pages] == ["Chapter 2", "Chapter 1"]


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
