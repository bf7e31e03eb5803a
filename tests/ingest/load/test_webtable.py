from lxml import html

from ingest.load.webtable import is_data_table, table_rows


def _table(rows: str):
    return html.fromstring(f"<table>{rows}</table>")


def test_spans_keep_the_columns_in_line() -> None:
    table = _table(
        "<caption>Prices</caption><tr><th rowspan=2>Tea<th>2023<th>2024"
        "<tr><td>1<td>2<tr><td>Cake<td>3<td>4"
    )
    assert table_rows(table) == ["Prices", "Tea | 2023 | 2024", "| 1 | 2", "Cake | 3 | 4"]


def test_the_cells_of_one_amount_are_joined_under_their_heading() -> None:
    head = "<tr><td><td><td colspan=2>2021<td><td><td colspan=2>2020<td>"
    first = "<tr><td>Sales<td><td>$<td>19,984<td><td><td>$<td>10,230<td>"
    loss = "<tr><td>Loss<td><td><td>(66<td>)<td><td><td>12<td>%"
    assert table_rows(_table(head + first + loss)) == [
        "| 2021 | 2020",
        "Sales | $19,984 | $10,230",
        "Loss | (66) | 12%",
    ]


def test_a_table_of_bullets_is_a_list() -> None:
    assert table_rows(_table("<tr><td>•</td><td>one</td></tr><tr><td>•</td><td>two</td></tr>")) == [
        "• one",
        "• two",
    ]


def test_cells_hold_one_line_whatever_is_in_them() -> None:
    table = _table("<tr><td>a<br>b<p>c</p></td><td><ul><li>x</li><li>y</li></ul></td></tr>")
    assert table_rows(table) == ["a b c | x; y"]


def test_tables_of_blocks_or_of_running_text_are_layout() -> None:
    assert is_data_table(_table("<tr><td>1<td>2"))
    assert not is_data_table(_table("<tr><td><h2>Title</h2><td>2"))
    assert not is_data_table(_table("<tr><td><table><tr><td>1</table>"))
    assert not is_data_table(_table(f"<tr><td>{'word ' * 400}"))
