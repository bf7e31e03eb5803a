from pdf_runs import PROSE, column, run

from ingest.load.pdf_rules import Rule
from ingest.load.pdf_stripes import stacks, striped_rows, with_edges

HEAD = [run("Model", 0, 12), run("Recall", 100, 12), run("Notes", 200, 12)]


def rules(*places: float) -> list[Rule]:
    return [Rule(0, 300, place) for place in places]


def test_rows_between_few_lines_start_where_the_first_cell_is_filled() -> None:
    body = [
        *(run("BM25", 0, 35), run("52.4", 100, 35), run("words only", 200, 35)),
        *(run("DPR", 0, 50), run("65.2", 100, 50), run("trained on", 200, 50)),
        run("questions", 200, 62),
    ]
    assert striped_rows(rules(0, 20, 80), [*HEAD, *body])[0] == [
        ["Model", "Recall", "Notes"],
        ["BM25", "52.4", "words only"],
        ["DPR", "65.2", "trained on questions"],
    ]


def test_a_row_beyond_the_lines_is_the_tables_if_it_stands_in_the_columns() -> None:
    lines = rules(20, 40, 60)
    body = [*HEAD, *(run(text, 100 * i, 35) for i, text in enumerate(("BM25", "52.4", "no")))]
    body += [run(text, 100 * i, 55) for i, text in enumerate(("DPR", "65.2", "yes"))]
    caption = run("A caption below the table that goes across its columns", 0, 75)
    rows, used = striped_rows(lines, [*body, caption])
    assert rows[0] == ["Model", "Recall", "Notes"]
    assert len(rows) == 3
    assert caption not in used
    assert with_edges(lines) == (0, 80)


def test_columns_of_prose_between_lines_are_no_table() -> None:
    prose = [*column(0, 40, PROSE), *column(250, 40, PROSE)]
    assert striped_rows(rules(0, 20, 200), [run("A Journal", 0, 12), *prose]) == ([], [])


def test_lines_of_one_width_above_one_another_are_a_stack() -> None:
    odd = Rule(0, 120, 40)
    assert stacks([*rules(0, 20, 80), odd]) == [rules(0, 20, 80)]
    assert stacks(rules(0, 20)) == []
