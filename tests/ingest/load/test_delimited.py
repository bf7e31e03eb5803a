import pytest

from ingest.load.delimited import delimiter_of, parse


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    rows = [["name", "price, net"], ["tea", "1,50"], ["a;b", "2"]]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    assert delimiter_of(text) == delimiter


def test_unquoted_commas_inside_other_cells_do_not_mislead() -> None:
    assert delimiter_of("名称\t说明\n茶\t热,香\n咖啡\t黑,苦,浓\n") == "\t"


def test_every_row_is_a_line_even_where_a_cell_has_two(write) -> None:
    pages, title = parse(write("a.csv", 'id,text\r\n1,"two\nlines"\r\n\r\n2,"say ""hi"""\r\n'))
    assert pages[0].text == 'id | text\n1 | two lines\n2 | say "hi"'
    assert title == ""
