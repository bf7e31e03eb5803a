from io import BytesIO
from pathlib import Path

import docx
import pytest
from docx.oxml.ns import nsdecls
from docx.oxml.parser import parse_xml
from scans import as_bytes, drawn

from ingest.errors import DocumentError
from ingest.load.word import parse


@pytest.fixture
def document() -> "docx.document.Document":
    return docx.Document()


def _save(document, tmp_path: Path) -> Path:
    document.save(str(tmp_path / "a.docx"))
    return tmp_path / "a.docx"


def test_paragraphs_and_tables_come_in_the_documents_order(document, tmp_path) -> None:
    document.add_heading("Report", 0)
    document.add_heading("Part 一", 1)
    document.add_paragraph("Before the table,\nsecond line\tand tab.")
    table = document.add_table(rows=2, cols=3)
    for cell, text in zip(table._cells, ["Name", "Price", "", "Tea", "", "5"], strict=True):
        cell.text = text
    document.add_paragraph("After.")
    document.add_paragraph("one", style="List Bullet")
    pages, _ = parse(_save(document, tmp_path))
    assert pages[0].text == (
        "Report\n\nPart 一\n\nBefore the table,\nsecond line and tab.\n\n"
        "Name | Price\nTea | | 5\n\nAfter.\n\none"
    )
    assert [(h.level, h.title) for h in pages[0].headings] == [(1, "Report"), (1, "Part 一")]
    assert pages[0].label == ""


def test_merged_cells_are_written_once(document, tmp_path) -> None:
    table = document.add_table(rows=2, cols=3)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "Both"
    table.cell(0, 2).text = "C"
    for column, text in enumerate("xyz"):
        table.cell(1, column).text = text
    assert parse(_save(document, tmp_path))[0][0].text == "Both | | C\nx | y | z"


def test_a_box_of_one_cell_is_text_with_its_headings(document, tmp_path) -> None:
    cell = document.add_table(rows=1, cols=1).cell(0, 0)
    cell.paragraphs[0].text = "Note"
    cell.paragraphs[0].style = "Heading 2"
    cell.add_paragraph("Read this.")
    page = parse(_save(document, tmp_path))[0][0]
    assert page.text == "Note\n\nRead this."
    assert page.headings[0].level == 2


def test_deleted_text_is_gone_and_text_boxes_and_content_controls_are_not(
    document, tmp_path
) -> None:
    paragraph = document.add_paragraph("kept ")
    space = nsdecls("w")
    paragraph._p.append(
        parse_xml(f"<w:del {space}><w:r><w:delText>old</w:delText><w:t>old</w:t></w:r></w:del>")
    )
    paragraph._p.append(parse_xml(f"<w:ins {space}><w:r><w:t>new</w:t></w:r></w:ins>"))
    inner = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>"
    box = f"<w:txbxContent>{inner.format('boxed')}</w:txbxContent>"
    paragraph._p.append(parse_xml(f"<w:r {space}><w:pict>{box}</w:pict></w:r>"))
    content = f"<w:sdtContent>{inner.format('control')}</w:sdtContent>"
    control = f"<w:sdt {space}>{content}</w:sdt>"
    document.element.body.insert(1, parse_xml(control))
    assert parse(_save(document, tmp_path))[0][0].text == "kept new\n\nboxed\n\ncontrol"


def test_the_title_is_the_metadatas(document, tmp_path) -> None:
    document.core_properties.title = "On tea"
    document.add_paragraph("x")
    assert parse(_save(document, tmp_path))[1] == "On tea"


def test_a_package_without_its_document_is_damaged(document, tmp_path) -> None:
    import zipfile

    buffer = BytesIO()
    document.save(buffer)
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(buffer) as whole, zipfile.ZipFile(path, "w") as part:
        for name in whole.namelist():
            if name != "word/document.xml":
                part.writestr(name, whole.read(name))
    with pytest.raises(DocumentError, match="damaged: not readable as a Word document"):
        parse(path)


def test_pictures_are_read_where_they_stand(document, tmp_path, sizes_seen: None) -> None:
    for text, size in (("one", (300, 200)), ("two", (30, 30)), ("three", (300, 100))):
        document.add_paragraph(text)
        document.add_picture(BytesIO(as_bytes(drawn([], size))))
    cell = document.add_table(rows=1, cols=2).rows[0].cells[1].paragraphs[0]
    cell.add_run("cell").add_picture(BytesIO(as_bytes(drawn([], (200, 200)))))
    document.add_paragraph("end")
    pages, _ = parse(_save(document, tmp_path))
    assert pages[0].text == (
        "one\n\n300 by 200\n\ntwo\n\nthree\n\n300 by 100\n\ncell\n\n200 by 200\n\nend"
    )
