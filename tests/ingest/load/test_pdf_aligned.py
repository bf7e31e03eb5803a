import pytest
from pdf_runs import PROSE, column, run

from ingest.load.pdf_aligned import aligned_tables
from ingest.load.pdf_words import Run


def rows(*cells: tuple[str, ...], step: float = 14) -> list[Run]:
    return [
        run(cell, 100 * column, step * row)
        for row, line in enumerate(cells)
        for column, cell in enumerate(line)
        if cell
    ]


def test_a_row_without_figures_between_others_keeps_its_place() -> None:
    runs = rows(("Sales", "5", "6"), ("Costs", "", ""), ("Rent", "(1)", "2%"), ("Tax", "-", "n/a"))
    (table,) = aligned_tables(runs)
    assert table.rows == [
        ["Sales", "5", "6"],
        ["Costs", "", ""],
        ["Rent", "(1)", "2%"],
        ["Tax", "-", "n/a"],
    ]


def test_a_sign_in_a_column_of_its_own_goes_to_its_number() -> None:
    (table,) = aligned_tables(rows(*(("Sales", "$", f"{i}00") for i in range(1, 5))))
    assert table.rows[0] == ["Sales", "$100"]


def test_short_words_in_three_columns_are_a_table_in_the_files_order_only() -> None:
    names = [("Red", "Green", "Blue"), ("Pink", "Teal", "Grey"), ("Rose", "Sand", "Mint")]
    names.append(("Plum", "Lime", "Rust"))
    assert len(aligned_tables(rows(*names))) == 1
    assert aligned_tables(rows(*names[:3])) == []


@pytest.mark.parametrize("places", [(0, 250), (0, 60)])
def test_prose_beside_prose_or_a_word_is_no_table(places: tuple[float, float]) -> None:
    left = [line[:40] if places[1] > 100 else line.split()[0] for line in PROSE]
    runs = [*column(places[0], 0, left), *column(places[1], 0, PROSE)]
    assert aligned_tables(runs) == []
