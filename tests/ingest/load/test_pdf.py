from pathlib import Path

import pytest
from pdf_runs import PROSE

from ingest.errors import DocumentError
from ingest.load.pdf import parse

Mark = tuple[float | str | bool, ...]
BOTH = "\n".join(PROSE) + "\n\n" + "\n".join(PROSE[::-1])  # one column, then the other


def lines(x: float, y: float, texts: list[str], size: float = 10) -> list[Mark]:
    return [(x, y - 1.2 * size * i, size, text) for i, text in enumerate(texts)]


@pytest.fixture
def text_of(write, draw_pdf):
    """The text of a page with these marks."""

    def text(marks: list[Mark], **settings) -> str:
        pages, _ = parse(write("drawn.pdf", draw_pdf([marks], **settings)))
        return pages[0].text

    return text


def test_every_page_is_a_page_blank_ones_too(write, make_pdf) -> None:
    data = make_pdf([["First page.", "Second  line."], [], ["Third."]], title="A Title")
    pages, title = parse(write("a.pdf", data))
    assert [page.text for page in pages] == ["First page.\nSecond line.", "", "Third."]
    assert [(page.number, page.label) for page in pages] == [(1, "1"), (2, "2"), (3, "3")]
    assert title == "A Title"


def test_the_documents_own_page_labels_are_used(write, make_pdf) -> None:
    pages, _ = parse(write("a.pdf", make_pdf([["x"], ["y"], ["z"], ["w"]], roman=True)))
    assert [page.label for page in pages] == ["i", "ii", "iii", "iv"]


def test_bytes_that_are_no_pdf_after_all_are_damaged(write) -> None:
    with pytest.raises(DocumentError, match="damaged: it cannot be opened as a PDF"):
        parse(write("a.pdf", "%PDF-1.7\nnothing follows"))


def test_columns_are_read_one_after_the_other_below_a_title_across_both(text_of) -> None:
    title: Mark = (72, 740, 16, "A title that goes across both of the columns", True)
    page = [title, *lines(72, 700, PROSE), *lines(330, 700, PROSE[::-1]), (300, 40, 9, "17")]
    assert text_of(page) == f"A title that goes across both of the columns\n\n{BOTH}\n\n17"


def test_columns_are_told_apart_though_the_file_goes_from_line_to_line(text_of) -> None:
    rows = zip(lines(72, 700, PROSE), lines(330, 700, PROSE[::-1]), strict=True)
    assert text_of([mark for row in rows for mark in row]) == BOTH


def test_what_runs_at_head_and_foot_stands_outside_the_columns(text_of) -> None:
    head: list[Mark] = [(72, 760, 9, "A Journal"), (500, 760, 9, "page 12")]
    foot: list[Mark] = [(72, 40, 9, "Vol. 3"), (500, 40, 9, "2024")]
    page = [*head, *lines(72, 700, PROSE), *lines(330, 700, PROSE[::-1]), *foot]
    assert text_of(page) == f"A Journal page 12\n\n{BOTH}\n\nVol. 3 2024"


def test_a_footnote_does_not_part_a_sentence_that_goes_on_in_the_next_column(text_of) -> None:
    note: Mark = (72, 560, 7, "1 A note at the foot of the column.")
    left, right = PROSE[:6], PROSE[5:]
    page = [*lines(72, 700, left), note, *lines(330, 700, right)]
    whole = "\n".join([*left, *right])
    assert text_of(page) == f"{whole}\n\n1 A note at the foot of the column."


def test_figures_in_columns_are_a_table_and_the_prose_around_it_is_none(text_of) -> None:
    rows = [
        ("", "2021", "2020"),
        ("Net sales", "1,234,567", "987,654"),
        ("Cost of goods sold", "(765,432)", "(54,321)"),
        ("Expenses", "", ""),
        ("Depreciation", "9,870", "-"),
    ]
    marks = [
        (x, 640 - 14 * i, 10, cell)
        for i, row in enumerate(rows)
        for x, cell in zip((72, 300, 400), row, strict=True)
        if cell
    ]
    page = [*lines(72, 720, PROSE[:3]), *marks, *lines(72, 540, PROSE[3:6])]
    table = (
        "| 2021 | 2020\nNet sales | 1,234,567 | 987,654\n"
        "Cost of goods sold | (765,432) | (54,321)\nExpenses\nDepreciation | 9,870 | -"
    )
    assert text_of(page) == "\n\n".join(["\n".join(PROSE[:3]), table, "\n".join(PROSE[3:6])])


def test_a_ruled_table_has_a_line_for_each_row_whatever_its_cells_lines(text_of) -> None:
    across: list[Mark] = [(72, y, 372, y) for y in (700, 680, 640)]
    down: list[Mark] = [(x, 640, x, 700) for x in (72, 172, 372)]
    cells: list[Mark] = [(76, 686, 9, "Task"), (176, 686, 9, "Prompt"), (76, 655, 9, "Write")]
    long = lines(176, 670, ["a letter that takes", "two lines"], 9)
    page = [*across, *down, *cells, *long, *lines(72, 600, PROSE[:2])]
    table = "Task | Prompt\nWrite | a letter that takes two lines"
    assert text_of(page) == f"{table}\n\n{PROSE[0]}\n{PROSE[1]}"


def test_prose_in_a_frame_or_between_lines_is_no_table(text_of) -> None:
    frame: list[Mark] = [(60, 600, 400, 600), (60, 720, 400, 720)]
    sides: list[Mark] = [(60, 600, 60, 720), (400, 600, 400, 720)]
    assert text_of([*frame, *sides, *lines(72, 700, PROSE)]) == "\n".join(PROSE)
    rules: list[Mark] = [(72, y, 540, y) for y in (750, 745, 60)]
    page = [*rules, *lines(72, 700, PROSE), *lines(330, 700, PROSE[::-1])]
    assert text_of(page) == BOTH


def test_wide_spaces_and_numbered_items_are_no_tables(text_of) -> None:
    wide: list[Mark] = [(72, 700, 10, "to"), (120, 700, 10, "produce"), (210, 700, 10, "pertinent")]
    items = [
        mark
        for i, text in enumerate(PROSE)
        for mark in ((72, 660 - 12 * i, 10, f"{i + 1}."), (100, 660 - 12 * i, 10, text))
    ]
    numbered = "\n".join(f"{i + 1}. {text}" for i, text in enumerate(PROSE))
    assert text_of([*wide, *items]) == f"to produce pertinent\n\n{numbered}"


def test_a_page_on_its_side_is_read_as_it_shows(text_of) -> None:
    page = lines(72, 700, PROSE)
    assert text_of(page, rotate=90) == "\n".join(PROSE)


def test_larger_and_bolder_lines_are_headings_at_their_place(write, draw_pdf) -> None:
    page = [
        (72, 740, 20, "The Work"),
        (72, 700, 14, "Part One"),
        *lines(72, 670, PROSE),
        (72, 540, 10, "A Detail", True),
        *lines(72, 520, PROSE),
    ]
    pages, title = parse(write("a.pdf", draw_pdf([page])))
    found = [(h.level, h.title) for h in pages[0].headings]
    assert found == [(1, "The Work"), (2, "Part One"), (3, "A Detail")]
    assert all(pages[0].text[h.start :].startswith(f"{h.title}\n") for h in pages[0].headings)
    assert title == "The Work"


def test_what_stands_outside_the_page_is_not_there(text_of) -> None:
    page = [*lines(72, 700, PROSE), (72, -20, 8, "cut off by the printer"), (700, 700, 8, "proof")]
    assert text_of(page) == "\n".join(PROSE)


def test_a_form_that_is_filled_in_is_read_in_its_place(tmp_path: Path) -> None:
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R] >> >>",
        "<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R /Annots [6 0 R]"
        " /Resources << /Font << /F1 3 0 R >> >> >>",
        "<< /Length 56 >>\nstream\nBT /F1 12 Tf 72 700 Td (Name:) Tj 0 -20 Td (Signed) Tj ET  \n"
        "endstream",
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Ada Lovelace) /F 4"
        " /Rect [120 695 300 715] /AP << /N 7 0 R >> >>",
        "<< /Type /XObject /Subtype /Form /BBox [0 0 180 20] /Length 41"
        " /Resources << /Font << /F1 3 0 R >> >> >>\nstream\n"
        "BT /F1 12 Tf 2 5 Td (Ada Lovelace) Tj ET \nendstream",
    ]
    parts = [f"{number} 0 obj\n{body}\nendobj\n" for number, body in enumerate(objects, start=1)]
    path = tmp_path / "form.pdf"
    path.write_text("%PDF-1.4\n" + "".join(parts) + "trailer << /Root 1 0 R /Size 8 >>\n%%EOF\n")
    pages, _ = parse(path)
    assert pages[0].text == "Name: Ada Lovelace\nSigned"
