from ingest.load.rows import row_line, table_lines


def test_a_row_is_a_line_and_keeps_its_inner_gaps() -> None:
    assert row_line(["a", "", " b\nc ", ""]) == "a | | b c"
    assert row_line(["", ""]) == ""


def test_rows_and_columns_that_are_empty_throughout_are_dropped() -> None:
    rows = [["", "x", "", "y"], ["", "", "", ""], ["", "1", " "], ["", "", "", "2"]]
    assert table_lines(rows) == ["x | y", "1", "| 2"]
