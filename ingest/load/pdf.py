"""PDF: a page of text per page, in the order that PDFium reads it."""

import re
import threading
from pathlib import Path

import pypdfium2 as pdfium

from ingest.errors import DocumentError
from ingest.load.characters import clean, sane_title
from ingest.load.hyphens import mend_hyphens
from ingest.page import Page

_PDFIUM = threading.Lock()  # the library is not thread-safe
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_CJK_LINE_END = re.compile(rf"(?<=[{_CJK}，、：；])[ \t]*\n(?=[{_CJK}])")
_FULL_LINE = 0.8  # of the page's longest line: a shorter one ends where its author ended it


def parse(path: Path) -> tuple[list[Page], str]:
    """A Page for every page, blank ones too; labels are the PDF's own, else the page number."""
    with _PDFIUM:
        try:
            with pdfium.PdfDocument(path) as document:
                raw = [_text(document, index) for index in range(len(document))]
                labels = [document.get_page_label(index) for index in range(len(document))]
                title = sane_title(document.get_metadata_value("Title"))
        except pdfium.PdfiumError as error:
            raise DocumentError(_reason(error)) from error
    texts = mend_hyphens(raw)
    pages = [
        Page(number, _tidy(text), label.strip() or str(number))
        for number, (text, label) in enumerate(zip(texts, labels, strict=True), start=1)
    ]
    return pages, title


def _text(document: pdfium.PdfDocument, index: int) -> str:
    try:
        page = document[index]
    except pdfium.PdfiumError:
        return ""  # a damaged page among sound ones; a document of none is refused by the caller
    try:
        textpage = page.get_textpage()
        try:
            return str(textpage.get_text_range())
        finally:
            textpage.close()
    finally:
        page.close()


def _tidy(text: str) -> str:
    """Cleaned, no blanks at line ends, and Chinese sentences whole again across lines."""
    lines = [re.sub(r"[ \t\xa0]+", " ", line).strip() for line in clean(text).split("\n")]
    return join_cjk_lines("\n".join(lines).strip("\n"))


def join_cjk_lines(text: str) -> str:
    """The text without the line breaks inside Chinese or Japanese paragraphs.

    Such text has no spaces, so a break in mid-word would hide the word from search.
    """
    longest = max(map(len, text.split("\n")))

    def join(match: re.Match[str]) -> str:
        line_start = text.rfind("\n", 0, match.start()) + 1
        return "" if match.start() - line_start >= _FULL_LINE * longest else match.group()

    return _CJK_LINE_END.sub(join, text)


def _reason(error: pdfium.PdfiumError) -> str:
    message = str(error).lower()
    if "password" in message:
        return "protected by a password: save a copy without one"
    if "security" in message:
        return "protected by a security scheme that cannot be read: save a copy without it"
    return f"damaged: it cannot be opened as a PDF ({error})"
