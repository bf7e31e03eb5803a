import pypdfium2 as pdfium
import pytest

from ingest.load.pdf_words import main_turn, page_runs, turned


@pytest.fixture
def runs_of(write, draw_pdf):
    def runs(marks, **settings):
        path = write("a.pdf", draw_pdf([marks], **settings))
        with pdfium.PdfDocument(path) as document:
            page = document[0]
            found = page_runs(page)
            page.close()
        return found

    return runs


def test_a_run_ends_at_a_wide_gap_and_at_a_lines_end(runs_of) -> None:
    runs = runs_of([(72, 700, 10, "one two"), (200, 700, 10, "three"), (72, 680, 10, "four")])
    assert [run.text for run in runs] == ["one two", "three", "four"]
    assert [run.order for run in runs] == [0, 1, 2]
    assert runs[0].base == runs[1].base < runs[2].base


def test_a_runs_size_weight_and_place_are_those_on_the_page(runs_of) -> None:
    plain, bold = runs_of([(72, 700, 10, "plain"), (72, 660, 14, "bold", True)])
    assert (plain.size, plain.bold) == (10, False)
    assert (bold.size, bold.bold) == (14, True)
    assert plain.x0 == pytest.approx(72, abs=0.5)
    assert plain.base == pytest.approx(-700)


def test_text_of_no_size_or_beyond_any_page_is_left_out(runs_of) -> None:
    runs = runs_of([(72, 700, 0, "none"), (72, 600, 9000000, "vast"), (72, 500, 10, "sane")])
    assert [run.text for run in runs] == ["sane"]


def test_turned_text_runs_along_its_own_lines(runs_of) -> None:
    runs = runs_of([(72, 700, 10, "one two"), (72, 680, 10, "three")], rotate=180)
    assert main_turn(runs) == 0  # /Rotate turns the page, and with it its space
    assert main_turn([]) == 0


@pytest.mark.parametrize("turn", range(4))
def test_four_quarter_turns_are_none(turn: int) -> None:
    x, y = 3.0, -4.0
    for _ in range(4):
        new_x, new_y = turned(x, y, turn)
        x, y = new_x, -new_y
    assert (x, y) == (3.0, -4.0)
