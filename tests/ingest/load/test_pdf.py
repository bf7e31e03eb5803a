import pytest

from ingest.errors import DocumentError
from ingest.load.pdf import parse


def test_every_page_is_a_page_blank_ones_too(write, make_pdf) -> None:
    data = make_pdf([["First page.", "Second  line."], [], ["Third."]], title="A Title")
    pages, title = parse(write("a.pdf", data))
    assert [page.text for page in pages] == ["First page.\nSecond line.", "", "Third."]
    assert [(page.number, page.label) for page in pages] == [(1, "1"), (2, "2"), (3, "3")]
    assert title == "A Title"


def test_the_documents_own_page_labels_are_used(write, make_pdf) -> None:
    pages, _ = parse(write("a.pdf", make_pdf([["x"], ["y"], ["z"], ["w"]], roman=True)))
    assert [page.label for page in pages] == ["i", "ii", "iii", "iv"]


def test_bytes_that_are_no_pdf_after_all_are_damaged(write) -> None:
    with pytest.raises(DocumentError, match="damaged: it cannot be opened as a PDF"):
        parse(write("a.pdf", "%PDF-1.7\nnothing follows"))
