import datetime
from pathlib import Path

import openpyxl
import pytest

from ingest.errors import DocumentError
from ingest.load.sheets import parse, shown


def test_a_sheet_is_a_page_without_its_empty_rows_and_columns(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "销售"
    sheet["B2"], sheet["D2"] = "Name", "Share"
    sheet["B5"], sheet["D5"] = "茶\n绿", 0.125
    sheet["D5"].number_format = "0.0%"
    book.create_sheet("empty")
    book.create_sheet("dates")["A1"] = datetime.datetime(2024, 3, 1)
    book.properties.title = "Numbers"
    book.save(tmp_path / "a.xlsx")
    pages, title = parse(tmp_path / "a.xlsx")
    assert [(p.number, p.label, p.text) for p in pages] == [
        (1, "销售", "Name | Share\n茶 绿 | 12.5%"),
        (2, "dates", "2024-03-01"),
    ]
    assert title == "Numbers"


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (0.1 + 0.2, "General", "0.3"),
        (5, "General", "5"),
        (5.0, "General", "5"),
        (1234567.891, "#,##0.00", "1,234,567.89"),
        (-81.2, "#,##0;-#,##0", "-81"),
        (0.5, "0%", "50%"),
        (19.5, '[$€-407]\\ #,##0.00;"x"', "19.50"),
        (1234.5, '"0"General', "1234.5"),
        (1500000, "#,##0,,", "1500000"),
        (0.00001234, "0.00E+00", "1.234e-05"),
        (True, "General", "TRUE"),
        (datetime.datetime(2024, 3, 1, 13, 5, 9), None, "2024-03-01 13:05:09"),
        (datetime.date(2024, 3, 1), None, "2024-03-01"),
        (datetime.time(9, 30), None, "09:30:00"),
    ],
)
def test_values_are_shown_as_people_read_them(value, number_format, text) -> None:
    assert shown(value, number_format) == text


def test_a_zip_of_something_else_is_no_workbook(write) -> None:
    with pytest.raises(DocumentError, match="damaged"):
        parse(write("a.xlsx", b"PK\x05\x06" + bytes(18)))
