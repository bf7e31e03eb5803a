from pdf_runs import run

from ingest.load.pdf_rules import Rule, Rules
from ingest.load.pdf_tables import as_read, inside_of, ruled_tables

GRID = Rules(
    tuple(Rule(0, 200, at) for at in (0, 20, 40)), tuple(Rule(0, 40, at) for at in (0, 100, 200))
)


def test_a_table_takes_what_lies_inside_its_lines_and_nothing_else() -> None:
    cells = [run("a", 10, 14), run("b", 110, 14), run("c", 10, 34), run("d", 110, 34)]
    outside = run("below", 10, 80)
    (table,) = ruled_tables([*cells, outside], GRID)
    assert table.rows == [["a", "b"], ["c", "d"]]
    assert inside_of([table]) == {cell.order for cell in cells}
    assert (table.x0, table.x1, table.top, table.bottom) == (0, 200, 6, 36)


def test_lines_with_a_single_text_between_them_are_no_table() -> None:
    runs = [run(text, 10, base) for text, base in (("a", 8), ("b", 16), ("c", 30), ("d", 38))]
    assert ruled_tables(runs, GRID) == []


def test_rows_of_scripts_that_run_to_the_left_start_at_the_right() -> None:
    assert as_read([["١٠", "السعر"], ["٢٠", "الكمية"]]) == [["السعر", "١٠"], ["الكمية", "٢٠"]]
    assert as_read([["price", "10"]]) == [["price", "10"]]
