"""What is written on a PDF page beside its text: form fields that are filled in, notes, stamps.

They become part of the page where they show, so that they are read in their place.
"""

import pypdfium2 as pdfium
import pypdfium2.raw as raw

_MOST = 5_000  # annotations that are looked at
_SHOWN = {raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_FREETEXT, raw.FPDF_ANNOT_STAMP}


def with_annotations(document: pdfium.PdfDocument, index: int) -> pdfium.PdfPage:
    """A page, opened, with the annotations that show text made its content.

    Values that a program would have to draw first, and notes that only pop up, do not show.
    """
    page = document[index]
    if not _shows_text(page):
        return page
    raw.FPDFPage_Flatten(page.raw, raw.FLAT_NORMALDISPLAY)
    page.close()
    return document[index]  # read anew, since an open page does not change


def _shows_text(page: pdfium.PdfPage) -> bool:
    for number in range(min(raw.FPDFPage_GetAnnotCount(page.raw), _MOST)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, number)
        if not annotation:
            continue
        kind = raw.FPDFAnnot_GetSubtype(annotation)
        raw.FPDFPage_CloseAnnot(annotation)
        if kind in _SHOWN:
            return True
    return False
