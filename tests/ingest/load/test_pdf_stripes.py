from pdf_runs import PROSE, column, run

from ingest.load.pdf_rules import Rule
from ingest.load.pdf_stripes import stacks, striped_rows

HEAD = [run("Model", 0, 12), run("Recall", 100, 12), run("Notes", 200, 12)]


def rules(*places: float) -> list[Rule]:
    return [Rule(0, 300, place) for place in places]


def test_rows_between_few_lines_start_where_the_first_cell_is_filled() -> None:
    body = [
        *(run("BM25", 0, 35), run("52.4", 100, 35), run("words only", 200, 35)),
        *(run("DPR", 0, 50), run("65.2", 100, 50), run("trained on", 200, 50)),
        run("questions", 200, 62),
    ]
    assert striped_rows(rules(0, 20, 80), [*HEAD, *body]) == [
        ["Model", "Recall", "Notes"],
        ["BM25", "52.4", "words only"],
        ["DPR", "65.2", "trained on questions"],
    ]


def test_columns_of_prose_between_lines_are_no_table() -> None:
    prose = [*column(0, 40, PROSE), *column(250, 40, PROSE)]
    assert striped_rows(rules(0, 20, 200), [run("A Journal", 0, 12), *prose]) == []


def test_lines_of_one_width_above_one_another_are_a_stack() -> None:
    odd = Rule(0, 120, 40)
    assert stacks([*rules(0, 20, 80), odd]) == [rules(0, 20, 80)]
    assert stacks(rules(0, 20)) == []
