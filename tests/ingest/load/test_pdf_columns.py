from hypothesis import given, settings
from hypothesis import strategies as st
from pdf_runs import PROSE, column, run

from ingest.load.pdf_columns import Item, reading_order
from ingest.load.pdf_lines import lines_of
from ingest.load.pdf_tables import Table
from ingest.load.pdf_words import Run

places = st.floats(0, 600, allow_nan=False)


def texts(parts: list[list[Item]]) -> list[list[str]]:
    return [
        ["table"] if isinstance(part[0], Table) else [line.text for line in lines_of(part)]
        for part in parts
    ]


def test_a_heading_across_parts_the_columns_above_from_those_below() -> None:
    above = [*column(0, 0, PROSE), *column(300, 0, PROSE)]
    heading = run("A heading across both of the columns of this page of the journal", 0, 130, 14)
    below = [*column(0, 150, PROSE), *column(300, 150, PROSE)]
    assert texts(reading_order([*above, heading, *below])) == [
        PROSE, PROSE, [heading.text], PROSE, PROSE
    ]  # fmt: skip


def test_columns_of_a_right_to_left_script_start_at_the_right() -> None:
    words = ["كانت الساعة تدق", "في ذلك اليوم", "من شهر أبريل"]
    left, right = column(0, 0, words), column(300, 0, words[::-1])
    assert texts(reading_order([*right, *left])) == [words[::-1], words]


def test_a_table_stands_between_what_is_above_and_below_it() -> None:
    table = Table([["a", "b"]], 0, 200, 40, 80, 0)
    above, below = run("above the table", 0, 20), run("below the table", 0, 100)
    assert texts(reading_order([table, above, below])) == [
        ["above the table"], ["table"], ["below the table"]
    ]  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.tuples(places, places, st.floats(1, 200), st.sampled_from([6, 10, 24]))))
def test_whatever_the_layout_each_run_is_read_once(
    boxes: list[tuple[float, float, float, float]],
) -> None:
    runs = [
        Run(f"w{i}", x, x + width, base, size, False, i)
        for i, (x, base, width, size) in enumerate(boxes)
    ]
    read: list[int] = []
    for part in reading_order(runs):
        for item in part:
            read += [inner.order for inner in (item.runs if isinstance(item, Table) else [item])]
    assert sorted(read) == list(range(len(runs)))
