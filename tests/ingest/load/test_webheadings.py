from ingest.load.draft import Draft
from ingest.load.webpage import write_html

TEXT = f"<p>{'Plain text of the report. ' * 250}</p>"
BOLD = "font-weight:bold"


def headings(html: str) -> list[tuple[int, str]]:
    draft = Draft()
    write_html(html, draft)
    return [(heading.level, heading.title) for heading in draft.headings]


def bold(text: str, style: str = "") -> str:
    return f'<p style="{BOLD};{style}">{text}</p>'


def test_bold_paragraphs_are_the_headings_of_a_page_that_marks_none() -> None:
    page = [
        bold("PART I"),
        bold("Item 1A. Risk Factors"),
        TEXT,
        "<div><b>Notes</b></div>",
        TEXT,
        bold("December 31"),
        TEXT,
        bold("Revenue", "font-style:italic"),
        TEXT,
    ]
    assert headings("".join(page)) == [
        (1, "PART I"),
        (2, "Item 1A. Risk Factors"),
        (3, "Notes"),
        (3, "December 31"),
        (4, "Revenue"),
    ]


def test_a_bold_line_right_below_another_is_subordinate_to_it() -> None:
    page = bold("Balance Sheets") + "<p>&nbsp;</p>" + bold("December 31, 2021") + TEXT
    assert headings(page + bold("Income") + TEXT) == [
        (3, "Balance Sheets"),
        (4, "December 31, 2021"),
        (3, "Income"),
    ]


def test_sentences_partly_bold_text_and_cells_are_no_headings() -> None:
    page = [
        bold("A whole sentence in bold."),
        '<p style="font-weight:bold">Terms <span style="font-weight:normal">defined</span></p>',
        f"<table><tr><td>{bold('Total')}</td><td>5</td></tr></table>",
        bold("First") + TEXT + bold("Second") + TEXT + bold("Third"),
    ]
    assert headings("".join(page)) == [(3, "First"), (3, "Second"), (3, "Third")]


def test_pages_with_headings_and_short_ones_stay_as_they_are() -> None:
    bolds = bold("First") + bold("Second") + bold("Third")
    assert headings(f"<h1>Title</h1>{bolds}{TEXT}") == [(1, "Title")]
    assert headings(f"{bolds}<p>Short.</p>") == []


def test_made_headings_give_the_page_no_title() -> None:
    page = bold("PART I") + TEXT + bold("Two") + TEXT + bold("Three")
    assert write_html(page, Draft()) == ""
