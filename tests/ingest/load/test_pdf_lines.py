from pdf_runs import run

from ingest.load.pdf_lines import joined_in_one, leans_left, lines_of


def test_raised_figures_belong_to_their_line_without_a_space() -> None:
    word = run("women.", 0, 100)
    figure = run("2", word.x1, 96, 6)
    (line,) = lines_of([figure, word])
    assert (line.text, line.size) == ("women.2", 10)


def test_lines_beside_a_tall_figure_stay_two() -> None:
    lines = lines_of([run("3", 0, 110, 24), run("Shape", 60, 100), run("markets", 60, 113)])
    assert [line.text for line in lines] == ["3 Shape", "markets"]


def test_runs_of_a_right_to_left_line_are_joined_from_the_right() -> None:
    (line,) = lines_of([run("يمكن", 0, 100), run("استخدام", 200, 100)])
    assert line.text == "استخدام يمكن"
    assert leans_left(line.text)
    assert not leans_left("R و Python")


def test_columns_too_close_to_be_told_apart_stay_in_the_files_order() -> None:
    left = [run(f"left {i}", 0, 12.0 * i) for i in range(6)]
    right = [run(f"right {i}", 40, 12.0 * i + 6) for i in range(6)]
    lines = [line.text for line in lines_of([*left, *right])]
    assert lines == [*(f"left {i}" for i in range(6)), *(f"right {i}" for i in range(6))]


def test_chinese_and_broken_words_are_joined_without_a_space() -> None:
    assert joined_in_one(["这是一个", "单元格"]) == "这是一个单元格"
    assert joined_in_one(["a cell", "of two"]) == "a cell of two"
    assert joined_in_one(["impor\x02", "tant"]) == "impor\x02tant"
