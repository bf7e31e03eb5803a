"""Boxes around the words of a page, on pages whose words are put where they are known to stand."""

from collections.abc import Callable
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from ingest.load.drawn import Box
from ingest.load.pdf import parse
from ingest.load.pdf_boxes import boxes_of

WIDTH, HEIGHT = 612, 792
Write = Callable[[str, bytes], Path]


def boxes(path: Path, text: str, *wanted: str, page: int = 0) -> list[list[Box]]:
    with pdfium.PdfDocument(path) as document:
        spans = [(text.index(words), text.index(words) + len(words)) for words in wanted]
        opened = document[page]
        try:
            return boxes_of(opened, text, spans)
        finally:
            opened.close()


def around(box: Box, x: float, y: float) -> bool:
    """Whether a box is around a point of the page, in points from the left and from below."""
    left, top, right, bottom = box
    return left * WIDTH <= x <= right * WIDTH and top * HEIGHT <= HEIGHT - y <= bottom * HEIGHT


def test_a_sentence_gets_a_box_on_each_of_its_lines(write: Write, draw_pdf) -> None:
    page = [(72, 700, 12, "Before it. A clowder is a"), (72, 680, 12, "group of cats. Behind it.")]
    path = write("a.pdf", draw_pdf([page]))
    text = "Before it. A clowder is a\ngroup of cats. Behind it."
    [[first, second]] = boxes(path, text, "A clowder is a\ngroup of cats.")
    assert around(first, 180, 703)
    assert not around(first, 80, 703)  # "Before it."
    assert around(second, 80, 683)
    assert not around(second, 200, 683)  # "Behind it."
    for box in (first, second):
        assert 10 / HEIGHT < box[3] - box[1] < 20 / HEIGHT


def test_of_the_same_words_those_are_marked_that_are_meant(write: Write, draw_pdf) -> None:
    lines = ["North has 5 ships.", "South has 5 ships.", "North has 5 ships.", "That was all."]
    marks = [(72, 700 - 100 * n, 12, line) for n, line in enumerate(lines)]
    path = write("a.pdf", draw_pdf([marks]))
    text = "\n\n".join(lines)
    with pdfium.PdfDocument(path) as document:
        third = text.rindex("North")
        page = document[0]
        [[box]] = boxes_of(page, text, [(third, third + len(lines[2]))])
        page.close()
    assert around(box, 80, 503)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_boxes_lie_on_the_page_as_it_is_shown(write: Write, draw_pdf, rotate: int) -> None:
    path = write("a.pdf", draw_pdf([[(72, 700, 12, "Turn this page around.")]], rotate=rotate))
    [[box]] = boxes(path, "Turn this page around.", "Turn this page around.")
    left, top = 72 / WIDTH, (HEIGHT - 703) / HEIGHT
    x, y = {0: (left, top), 90: (1 - top, left), 180: (1 - left, 1 - top), 270: (top, 1 - left)}[
        rotate
    ]
    assert box[0] - 0.005 <= x <= box[2] + 0.005
    assert box[1] - 0.005 <= y <= box[3] + 0.005
    wide, high = (box[2] - box[0]), (box[3] - box[1])
    assert (wide > high) == (rotate in (0, 180))


def test_words_far_apart_in_a_line_get_boxes_of_their_own(write: Write, draw_pdf) -> None:
    page = [(72, 700, 12, "left cell of the row"), (400, 700, 12, "right cell of the row")]
    path = write("a.pdf", draw_pdf([page]))
    text = "left cell of the row | right cell of the row"
    [[left, right]] = boxes(path, text, text)
    assert left[2] < 0.5 < right[0]


def test_words_off_the_page_or_not_on_it_have_no_box(write: Write, draw_pdf) -> None:
    page = [(72, 700, 12, "Words on the page."), (72, 2000, 12, "Words above the page.")]
    path = write("a.pdf", draw_pdf([page]))
    text = "Words on the page. Words above the page. Words of nowhere else."
    on, above, nowhere = boxes(
        path, text, "Words on the page.", "Words above the page.", "Words of nowhere else."
    )
    assert on
    assert above == nowhere == []


def test_every_sentence_of_real_pages_is_found(corpus: Path, ocr_off: None) -> None:
    for name, number in (
        ("en/multi-column-2p.pdf", 1),
        ("en/layout-parser-2p.pdf", 1),
        ("zh/langchain.pdf", 2),
        ("hard/right-to-left.pdf", 1),
        ("hard/invalid-structure.pdf", 2),
    ):
        pages, _ = parse(corpus / name)
        text = pages[number - 1].text
        sentences = [part for part in text.replace("\n\n", ". ").split(". ") if len(part) > 30]
        assert len(sentences) > 5
        found = boxes(corpus / name, text.replace("\n\n", ". "), *sentences, page=number - 1)
        assert all(found), name
        for box in (box for group in found for box in group):
            assert 0 <= box[0] < box[2] <= 1
            assert 0 <= box[1] < box[3] <= 1
            assert box[3] - box[1] < 0.06 or box[2] - box[0] < 0.06  # a line, not a paragraph
