from word_embedder import WordEmbedder

from ingest.page import BEFORE, Heading, Page, continued
from ingest.split import split

PAGES = [
    Page(
        1,
        "Report\nPart one\nFoxes nap.",
        headings=(Heading(0, 1, "Report"), Heading(7, 2, "Part one")),
    ),
    Page(2, "Foxes hunt.\nPart two\nWhales sing.", headings=(Heading(12, 2, "Part two"),)),
    Page(3, "Whales dive."),
]


def test_a_page_begins_under_the_headings_that_the_last_one_ended_under() -> None:
    found = [[(h.start, h.title) for h in page.headings] for page in continued(PAGES)]
    assert found == [
        [(0, "Report"), (7, "Part one")],
        [(BEFORE, "Report"), (BEFORE, "Part one"), (12, "Part two")],
        [(BEFORE, "Report"), (BEFORE, "Part two")],
    ]


def test_chunks_have_the_headings_of_earlier_pages_and_lose_no_text() -> None:
    chunks = split(tuple(continued(PAGES)), WordEmbedder(), 4)
    paths = {chunk.text: chunk.headings for chunk in chunks}
    assert paths["Whales dive."] == ("Report", "Part two")
    assert next(path for text, path in paths.items() if "hunt" in text) == ("Report", "Part one")
    assert "".join("".join(c.text for c in chunks).split()) == "".join(
        "".join(page.text for page in PAGES).split()
    )
