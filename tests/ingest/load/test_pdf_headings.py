import pytest

from ingest.load.pdf_blocks import Block
from ingest.load.pdf_headings import Bookmark, heading_levels, title_of

BODY = Block("The body of the text, which is longer than all the rest of it.", 10, lines=2)


def block(text: str, size: float = 10, bold: bool = False) -> Block:
    return Block(text, size, bold)


def found(*blocks: Block, outline: tuple[Bookmark, ...] = ()) -> dict[str, int]:
    levels = heading_levels([list(blocks)], outline)
    return {blocks[number].text: level for (_, number), level in levels.items()}


def test_levels_follow_size_and_then_weight() -> None:
    page = (block("Top", 20), block("Middle", 14), BODY, block("Bold", 10, True), BODY)
    assert found(*page) == {"Top": 1, "Middle": 2, "Bold": 3}


def test_the_outline_names_headings_and_their_levels() -> None:
    outline = (Bookmark(1, "Part", 0), Bookmark(3, "Wolf", 0), Bookmark(1, "Elsewhere", 9))
    page = (block("1. Part"), block("Wolf", 12, True), BODY, block("Bear", 12, True), BODY)
    assert found(*page, outline=outline) == {"1. Part": 1, "Wolf": 3, "Bear": 3}


@pytest.mark.parametrize(
    "text",
    ["Ends like a sentence.", "One. Two is another", "12", "a, b, c, and many others", "w" * 200],
)
def test_sentences_figures_and_lists_are_no_headings(text: str) -> None:
    assert found(block(text, 20), BODY) == {}


def test_a_bold_line_of_a_sentence_that_goes_on_is_no_heading() -> None:
    assert found(block("Establish a strategy and", 10, True), block("oversee it"), BODY) == {}


def test_numbers_make_headings_and_say_how_deep() -> None:
    page = (block("I. INTRODUCTION"), BODY, block("A. Data"), BODY, block("1.2.3 Sources"), BODY)
    assert found(*page) == {"I. INTRODUCTION": 1, "A. Data": 2, "1.2.3 Sources": 3}
    assert found(block("第三章 方法"), BODY) == {"第三章 方法": 1}
    assert found(block("A. Smith"), BODY) == {}


def test_the_title_is_the_first_pages_largest_line_unless_that_names_the_contents() -> None:
    assert title_of([[block("A Title\nof two lines", 20), BODY]]) == "A Title of two lines"
    assert title_of([[block("Table of Contents", 20), BODY]]) == ""
    assert title_of([[block("Slightly larger", 11), BODY]]) == ""
    assert title_of([]) == title_of([[]]) == ""
