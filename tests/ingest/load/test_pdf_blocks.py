from hypothesis import given, settings
from hypothesis import strategies as st
from pdf_runs import PROSE, column, run

from ingest.load.pdf_blocks import CELL, blocks_of
from ingest.load.pdf_columns import reading_order
from ingest.load.pdf_tables import Table


def texts(*parts) -> list[str]:
    return [block.text for block in blocks_of(parts)]


def test_paragraphs_start_after_room_at_an_indent_and_in_another_font() -> None:
    whole = "\n".join(PROSE[:2])
    assert texts([*column(0, 0, PROSE[:2]), *column(0, 34, PROSE[:2])]) == [whole, whole]
    ended = [PROSE[0], "And there it ended."]
    indented = [*column(0, 0, ended), run("Then it went on", 15, 24), run(PROSE[1], 0, 36)]
    assert texts(indented) == ["\n".join(ended), f"Then it went on\n{PROSE[1]}"]
    assert texts([run("Title", 0, 0, bold=True), *column(0, 12, PROSE[:1])]) == ["Title", PROSE[0]]


def test_words_in_another_font_do_not_part_a_sentence() -> None:
    lines = [run(PROSE[0], 0, 0, 10), run(PROSE[1], 0, 12, 9), run(PROSE[2], 0, 24, 10)]
    assert texts(lines) == ["\n".join(PROSE[:3])]


def test_chinese_lines_are_joined_where_the_line_is_full() -> None:
    lines = [
        "一个很长的句子在这里被行尾断",
        "开了，然后继续。",
        "短行",
        "下一段在这里，它比较长很多很多",
    ]
    assert texts(column(0, 0, lines)) == [
        "一个很长的句子在这里被行尾断开了，然后继续。\n短行\n下一段在这里，它比较长很多很多"
    ]


def test_a_sentence_goes_on_in_the_next_column_and_a_new_one_does_not() -> None:
    left, right = column(0, 0, PROSE[:3]), column(300, 0, PROSE[3:5])
    assert texts(left, right) == ["\n".join(PROSE[:5])]
    fresh = column(300, 0, ["Another matter", *PROSE[3:5]])
    assert len(texts(column(0, 0, PROSE[:3]), fresh)) == 2


def test_after_a_footnote_that_was_passed_over_nothing_joins_the_sentence_again() -> None:
    left = [*column(0, 0, PROSE[:3]), run("1 A note at the foot", 0, 50, 7)]
    right = [*column(300, 0, PROSE[3:5]), *column(300, 60, PROSE[3:5])]
    assert texts(left, right) == [
        "\n".join(PROSE[:5]), "1 A note at the foot", "\n".join(PROSE[3:5])
    ]  # fmt: skip


def test_dots_that_lead_to_a_page_number_are_few() -> None:
    assert texts([run("Nerve pain ................ 51", 0, 0)]) == ["Nerve pain ... 51"]
    assert texts([run("and so on... he said", 0, 0)]) == ["and so on... he said"]


def test_a_table_is_a_block_of_rows_and_cells() -> None:
    table = Table([["a", "b"], ["c", "d"]], 0, 9, 0, 9, 0)
    (block,) = blocks_of([[table]])
    assert block.table
    assert block.text == f"a{CELL}b\nc{CELL}d"


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 40), st.sampled_from([6, 10, 14]))))
def test_no_word_of_a_page_is_lost_or_said_twice(places: list[tuple[int, int, int]]) -> None:
    runs = [run(f"<{i}>", 20 * x, 12 * y, size) for i, (x, y, size) in enumerate(places)]
    text = "".join(block.text for block in blocks_of(reading_order(runs)))
    assert [text.count(one.text) for one in runs] == [1] * len(runs)
