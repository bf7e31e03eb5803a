"""Excel workbooks: a page per sheet, a line per row, values as they show; then its pictures."""

import datetime
import re
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from lxml import etree
from openpyxl.utils.exceptions import InvalidFileException

from ingest.load.archive import open_archive
from ingest.load.characters import sane_title
from ingest.load.damage import damaged
from ingest.load.draft import Draft
from ingest.load.embedded import Pictures
from ingest.load.rows import table_lines
from ingest.load.sheet_pictures import SheetPictures
from ingest.load.steps import step, still_at_work
from ingest.page import Page

# What openpyxl lets through from a damaged workbook.
_DAMAGE = (
    InvalidFileException,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    ParseError,
    etree.XMLSyntaxError,
)
_OFTEN = 10_000  # rows: said so often, a long sheet is not taken for a hung one
_DECIMALS = re.compile(r"[#0,]*0(?:\.(0+))?")


def parse(path: Path) -> tuple[list[Page], str]:
    """A Page for every sheet with text, labelled with its name; numbers are those last saved."""
    pages: list[Page] = []
    try:
        with open_archive(path) as archive, warnings.catch_warnings():
            # Of styles and extensions that it does not know; the values are read all the same.
            warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                title = sane_title(book.properties.title)
                pictures, images = Pictures(), SheetPictures(archive)
                for number, sheet in enumerate(book.worksheets):
                    step(number, len(book.worksheets))
                    sheet.reset_dimensions()  # what programs write there is often wrong
                    draft = Draft()
                    draft.block("\n".join(table_lines(_rows(sheet))))
                    for image in images.of(sheet.title):
                        pictures.write(image, draft)
                    if not draft.is_blank:
                        pages.append(draft.page(len(pages) + 1, sheet.title))
            finally:
                book.close()
    except _DAMAGE as error:
        raise damaged("a workbook", error, path) from error
    return pages, title


def _rows(sheet: Any) -> Iterator[list[str]]:
    for number, row in enumerate(sheet.iter_rows()):
        if number % _OFTEN == 0:
            still_at_work()
        yield _texts(row)


def _texts(row: Iterable[Any]) -> list[str]:
    return ["" if cell.value is None else shown(cell.value, cell.number_format) for cell in row]


def shown(value: object, number_format: str | None = None) -> str:
    """A cell's value as people read it: ISO dates, percent, the format's decimals and commas."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime.datetime):
        at_midnight = value.time() == datetime.time()
        return value.date().isoformat() if at_midnight else value.isoformat(" ", "seconds")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (int, float)):
        return _number(value, (number_format or "General").split(";")[0])
    return str(value)


def _number(value: float, number_format: str) -> str:
    # Colours, conditions, currency signs and padding say nothing of the digits.
    digits = re.sub(r'\[[^\]]*\]|"[^"]*"|\\.|_.|\*.', "", number_format)
    found = _DECIMALS.search(digits)
    plain = found is not None and not re.search(r"[eE/?]|,(?:\.|$|%)", digits)
    if found is None or not plain:
        return f"{value:.15g}" if isinstance(value, float) else str(value)
    percent = "%" in digits
    comma = "," if "," in found.group() else ""
    places = len(found[1] or "")
    return f"{value * 100 if percent else value:{comma}.{places}f}{'%' if percent else ''}"
