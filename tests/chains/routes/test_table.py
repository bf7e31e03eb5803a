"""Tables as they stand in pages: cells, columns, numbers."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.routes.cells import Condition, reckon
from chains.routes.place import Place
from chains.routes.table import Row, cells_of, columns_named, number_in, same_value, tables
from ingest import Library, Page, sync
from ingest.load.rows import row_line
from models.embeddings import KvasirEmbeddings

CELL = st.text("abc 12,|.", max_size=8).map(lambda text: " ".join(text.split()))


@given(st.lists(CELL.filter(lambda cell: "|" not in cell), min_size=2).filter(lambda c: c[-1]))
def test_cells_come_out_as_they_went_in(cells: list[str]) -> None:
    assert cells_of(row_line(cells)) == tuple(cells)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("12,553", "12553"),
        ("(81)", "-81"),
        ("-3.5%", "-3.5"),
        ("$1,200.50", "1200.50"),
        ("−7", "-7"),
        ("25 kg", "25"),
        ("￥100", "100"),
        ("—", None),
        ("n/a", None),
        ("2023-04-01", None),
        ("3 of 4", None),
        ("", None),
    ],
)
def test_a_cell_is_a_number_or_it_is_not(cell: str, value: str | None) -> None:
    assert number_in(cell) == (None if value is None else Decimal(value))


def test_a_column_is_called_by_its_whole_name_or_by_words_of_it() -> None:
    header = ("Sales (a)", "Sales", "Net_profit", "January 2023", "January 2022")
    assert columns_named(header, "sales") == [1]
    assert columns_named(header, "net profit") == [2]
    assert columns_named(header, "January") == [3, 4]
    assert columns_named(header, "ale") == []


def test_values_are_equal_as_numbers_or_as_texts() -> None:
    assert same_value("1,200", "1200")
    assert same_value("Open", "open")
    assert not same_value("", "open")
    assert not same_value("12", "120")


@given(st.integers(-99, 99), st.integers(-99, 99))
def test_conditions_compare_numbers_as_numbers(cell: int, value: int) -> None:
    held = {op: Condition("c", op, str(value)).holds(str(cell)) for op in ("<", "=", ">")}  # type: ignore[arg-type]
    assert held == {"<": cell < value, "=": cell == value, ">": cell > value}


SHEET = [
    ("city", "units"),
    ("Oslo", 3),
    ("Bergen", None),
    ("Tromsø", 4),
    ("Next year", None),
    ("city", "units"),
    ("Oslo", 100),
]


def test_a_row_with_one_cell_is_a_row_and_a_title_parts_two_tables(
    tmp_path: Path, embedder: KvasirEmbeddings
) -> None:
    book = openpyxl.Workbook()
    for row in SHEET:
        book.active.append(row)
    book.save(tmp_path / "sheet.xlsx")
    (tmp_path / "list.csv").write_text("city,units\nOslo,3\nBergen,\nTromsø,4\n", "utf-8")
    with Library(tmp_path / "library", embedder=embedder) as library:
        sync(library, [tmp_path / "sheet.xlsx", tmp_path / "list.csv"])
        found = [
            [row.cells for row in rows]
            for _, rows in tables(library.store, library.store.documents())
        ]
    listed = [("city", "units"), ("Oslo", "3"), ("Bergen",), ("Tromsø", "4")]
    assert found == [listed, listed, [("city", "units"), ("Oslo", "100")]]


ROWS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(-999, 999)), max_size=30)


@given(ROWS)
def test_a_reckoning_is_what_the_rows_say(rows: list[tuple[str, int]]) -> None:
    document: Any = None
    place = Place(document, Page(1, ""), 0, 0)
    lines = [Row(("kind", "count"), place), *(Row((k, str(n)), place) for k, n in rows)]
    found = reckon(iter(lines), 0, 1, (0, Condition("kind", "=", "a")))
    chosen = [n for kind, n in rows if kind == "a"]
    assert (found.rows, found.matched, found.numbers) == (len(rows), len(chosen), len(chosen))
    assert found.total == sum(chosen)
    assert (found.least[0] if found.least else None) == min(chosen, default=None)
    assert (found.most[0] if found.most else None) == max(chosen, default=None)
    assert sum(found.values.values()) == len(chosen)
