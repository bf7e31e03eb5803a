from ingest.load.draft import Draft
from ingest.load.ocr import Piece
from ingest.load.seen import blocks_in, write_blocks


def piece(text: str, x: float, y: float, width: float = 0, height: float = 28) -> Piece:
    return Piece(text, 0.99, x, y, x + (width or 14 * len(text)), y + height)


def text_of(pieces: list[Piece]) -> str:
    draft = Draft()
    write_blocks(blocks_in(pieces), draft)
    return draft.page(1).text


def test_nothing_seen_is_nothing_written() -> None:
    assert text_of([]) == ""


def test_columns_are_read_one_after_the_other() -> None:
    left = [f"left line number {n} goes on and" for n in range(8)]
    right = [f"right line number {n} goes on and" for n in range(8)]
    woven = [
        one
        for n in range(8)
        for one in (piece(left[n], 40, 40 + 36 * n), piece(right[n], 640, 40 + 36 * n))
    ]
    assert text_of(woven).split("\n") == [*left, *right]


def test_parts_of_one_line_stand_in_one_line_and_in_their_order() -> None:
    pieces = [piece("right", 150, 42), piece("below", 40, 80), piece("left", 40, 40, height=30)]
    assert text_of(pieces) == "left right\nbelow"


def test_words_broken_at_the_end_of_a_line_are_whole_and_chinese_has_no_spaces() -> None:
    assert "retrieval" in text_of([piece("on passage retrie-", 40, 40), piece("val in", 40, 76)])
    lines = [piece("我们在这一页上写了很多的字，", 40, 40, 400), piece("它们连在一起", 40, 76, 200)]
    assert text_of(lines) == "我们在这一页上写了很多的字，它们连在一起"


def test_a_page_written_from_top_to_bottom_is_read_from_the_right() -> None:
    columns = [piece("春眠不觉晓，", 40, 40, 30, 300), piece("孟浩然春晓", 100, 40, 30, 300)]
    assert text_of(columns) == "孟浩然春晓春眠不觉晓，"


def test_sizes_are_told_against_the_bodys() -> None:
    pieces = [piece("Title", 40, 40, height=70)]
    pieces += [
        piece(f"line {n} of the text", 40, 200 + 36 * n, height=26 + n % 3) for n in range(6)
    ]
    sizes = [block.size for block in blocks_in(pieces, body=9.0)]
    assert sizes[0] > 15
    assert {round(size, 6) for size in sizes[1:]} == {9.0}
