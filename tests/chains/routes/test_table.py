"""Tables as they stand in pages: cells, columns, numbers."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.routes.cells import Condition
from chains.routes.table import cells_of, columns_named, number_in, same_value
from ingest.load.rows import row_line

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
