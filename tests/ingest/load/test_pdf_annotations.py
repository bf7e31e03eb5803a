import pypdfium2 as pdfium

from ingest.load.pdf_annotations import with_annotations


def test_a_page_without_annotations_is_opened_as_it_is(write, make_pdf) -> None:
    with pdfium.PdfDocument(write("a.pdf", make_pdf([["First."], ["Second."]]))) as document:
        page = with_annotations(document, 1)
        textpage = page.get_textpage()
        assert textpage.get_text_range() == "Second."
        textpage.close()
        page.close()
