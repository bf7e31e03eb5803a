from pdf_runs import run

from ingest.load.pdf_grid import Grid, area, grids
from ingest.load.pdf_rules import Rule, Rules


def across(*places: float) -> tuple[Rule, ...]:
    return tuple(Rule(0, 300, place) for place in places)


def down(*places: float) -> tuple[Rule, ...]:
    return tuple(Rule(0, 60, place) for place in places)


def test_a_cell_is_as_large_as_the_lines_around_it() -> None:
    rules = Rules((*across(0, 20, 60), Rule(0, 100, 40)), (*down(0, 100, 300), Rule(20, 60, 200)))
    runs = [
        run("Region", 10, 14),
        run("Sales of the year", 110, 14),
        run("North", 10, 34),
        run("South", 10, 54),
        run("10", 110, 44),
        run("20", 210, 44),
    ]
    assert Grid(rules).rows(runs)[0] == [
        ["Region", "Sales of the year", ""],
        ["North", "10", "20"],
        ["South", "", ""],
    ]


def test_words_on_both_sides_of_a_line_go_to_their_cells() -> None:
    rules = Rules(across(0, 30, 60), down(0, 100, 300))
    runs = [run("left left right right", 50, 20), run("below", 10, 50)]
    assert Grid(rules).rows(runs)[0][0] == ["left left", "right right"]


def test_lines_that_cross_are_one_grid_and_others_are_free() -> None:
    rules = Rules((*across(0, 60), Rule(0, 300, 500)), down(0, 300))
    crossing, free = grids(rules)
    assert [area(grid) for grid in crossing] == [(0, 300, 0, 60)]
    assert free == [Rule(0, 300, 500)]


def test_a_frame_is_no_table() -> None:
    assert Grid(Rules(across(0, 60), down(0, 300))).rows([run("a box", 10, 30)]) == ([], [])
