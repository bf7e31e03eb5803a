"""PDF: a page of text per page, in the order that people read it, with its headings and tables."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pypdfium2 as pdfium

from ingest.errors import DocumentError
from ingest.load.characters import sane_title
from ingest.load.draft import Draft
from ingest.load.hyphens import mend_hyphens
from ingest.load.limits import check_pages
from ingest.load.pdf_annotations import with_annotations
from ingest.load.pdf_blocks import CELL, Block, blocks_of
from ingest.load.pdf_columns import reading_order
from ingest.load.pdf_headings import bookmarks, heading_levels, title_of
from ingest.load.pdf_lines import joined_in_one
from ingest.load.pdf_rules import page_rules
from ingest.load.pdf_tables import inside_of, ruled_tables
from ingest.load.pdf_words import Run, main_turn, page_runs
from ingest.load.rows import table_lines
from ingest.load.scanned import read_scans
from ingest.load.steps import step
from ingest.page import Page, continued

_PDFIUM = threading.Lock()  # the library is not thread-safe


def parse(path: Path) -> tuple[list[Page], str]:
    """A Page for every page, blank ones too; labels are the PDF's own, else the page number."""
    with _PDFIUM:
        try:
            with pdfium.PdfDocument(path) as document:
                check_pages(len(document))
                raw = read_scans(document, [_blocks(document, i) for i in range(len(document))])
                labels = [document.get_page_label(index) for index in range(len(document))]
                title = sane_title(document.get_metadata_value("Title"))
                outline = bookmarks(document)
        except pdfium.PdfiumError as error:
            raise DocumentError(_reason(error)) from error
    blocks = _mended(raw)
    levels = heading_levels(blocks, outline)
    pages = [
        _page(index, page, levels, label.strip() or str(index + 1))
        for index, (page, label) in enumerate(zip(blocks, labels, strict=True))
    ]
    return list(continued(pages)), title or sane_title(title_of(blocks))


def _blocks(document: pdfium.PdfDocument, index: int) -> list[Block]:
    """The blocks of one page; a damaged page among sound ones has none."""
    step(index, len(document))
    try:
        page = with_annotations(document, index)
    except pdfium.PdfiumError:
        return []
    try:
        return _laid_out(page, page_runs(page))
    except pdfium.PdfiumError:
        return []
    finally:
        page.close()


def _laid_out(page: pdfium.PdfPage, runs: list[Run]) -> list[Block]:
    """The page's runs in reading order; what stands across the others comes last."""
    turn = main_turn(runs)
    main = [run for run in runs if run.turn == turn]
    if sum(not run.upright for run in main) > 0.3 * len(main):  # written from top to bottom
        return [Block("\n".join(run.text for run in runs))] if runs else []
    tables = ruled_tables(main, page_rules(page, turn))
    taken = inside_of(tables)
    parts = reading_order([*(run for run in main if run.order not in taken), *tables])
    others = (run for run in runs if run.turn != turn)
    across = [list(group) for _, group in groupby(others, key=lambda run: run.turn)]
    aside = (replace(block, size=0.0) for group in across for block in blocks_of([group]))
    return [*blocks_of(parts), *aside]  # without a size, so that they count for no headings


def _mended(pages: Sequence[Sequence[Block]]) -> list[list[Block]]:
    """The pages' blocks with the words mended that line ends broke."""
    texts = iter(mend_hyphens(block.text for blocks in pages for block in blocks))
    return [[replace(block, text=next(texts)) for block in blocks] for blocks in pages]


def _page(
    index: int, blocks: Iterable[Block], levels: dict[tuple[int, int], int], label: str
) -> Page:
    draft = Draft()
    for number, block in enumerate(blocks):
        level = levels.get((index, number))
        if block.table:
            draft.table(table_lines(_rows(block)))
        elif level is not None:
            draft.heading(level, joined_in_one(block.text.split("\n")))
        else:
            draft.block(block.text)
    return draft.page(index + 1, label)


def _rows(block: Block) -> Iterator[list[str]]:
    return (row.split(CELL) for row in block.text.split("\n"))


def _reason(error: pdfium.PdfiumError) -> str:
    message = str(error).lower()
    if "password" in message:
        return "protected by a password: save a copy without one"
    if "security" in message:
        return "protected by a security scheme that cannot be read: save a copy without it"
    return f"damaged: it cannot be opened as a PDF ({error})"
