import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from word_embedder import WordEmbedder

from ingest.page import Heading, Page
from ingest.split import Chunk, embedding_text, split, split_page

EMBEDDER = WordEmbedder()

prose = st.lists(
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
        st.sampled_from(
            [
                "A sentence ends here. ",
                "注意力机制是核心。",
                "“真的吗？”她问。",
                "\n\n",
                "\n \n\n",
                "　",
                "🎉🎉👩‍👩‍👧",
                "x" * 300,
                "字" * 300,
                "....... ",
                "e.g. this",
            ]
        ),
    ),
    max_size=40,
).map("".join)


@st.composite
def pages(draw: st.DrawFn) -> Page:
    text = draw(prose)
    places = draw(st.sets(st.integers(0, max(0, len(text) - 1)), max_size=4)) if text else set()
    headings = [
        Heading(place, draw(st.integers(1, 3)), text[place : place + 5]) for place in sorted(places)
    ]
    return Page(1, text, headings=tuple(headings))


@settings(max_examples=300, deadline=None)
@given(pages(), st.integers(1, 60))
@example(Page(1, "字" * 2000), 16)
@example(Page(1, "a" * 5000), 16)
@example(Page(1, ". " * 3000), 16)
def test_every_character_that_is_not_white_space_lies_in_exactly_one_chunk(
    page: Page, budget: int
) -> None:
    covered = [0] * len(page.text)
    for chunk in split_page(page, EMBEDDER, budget):
        assert page.text[chunk.start : chunk.end] == chunk.text
        assert chunk.text == chunk.text.strip() != ""
        for place in range(chunk.start, chunk.end):
            covered[place] += 1
    assert all(
        count == 1 or (count == 0 and character.isspace())
        for count, character in zip(covered, page.text, strict=True)
    )


@settings(max_examples=200, deadline=None)
@given(pages(), st.integers(1, 60))
def test_chunks_come_in_reading_order_and_keep_to_the_budget(page: Page, budget: int) -> None:
    chunks = split_page(page, EMBEDDER, budget)
    assert [c.start for c in chunks] == sorted(c.start for c in chunks)
    assert all(1 <= c.tokens <= budget for c in chunks)


@given(pages(), st.integers(1, 60))
def test_splitting_twice_gives_the_same(page: Page, budget: int) -> None:
    assert split_page(page, EMBEDDER, budget) == split_page(page, EMBEDDER, budget)


def test_what_is_embedded_fits_the_embedder_however_long_the_headings() -> None:
    small = WordEmbedder(max_tokens=160)
    text = "Deep title\n" + "word " * 1000
    page = Page(1, text, headings=(Heading(0, 1, "very long heading " * 50),))
    for chunk in split_page(page, small, 10_000):
        assert len(small.token_starts(embedding_text(chunk))) <= small.max_tokens


def test_a_page_that_fits_is_one_chunk_with_its_headings_inside() -> None:
    page = Page(3, "  One\n\ntext\n\nTwo\n\nmore \n", headings=(Heading(2, 1, "One"),))
    (chunk,) = split((page,), EMBEDDER)
    assert (chunk.page, chunk.start, chunk.text) == (3, 2, "One\n\ntext\n\nTwo\n\nmore")


def test_blank_pages_give_no_chunks() -> None:
    assert split((Page(1, ""), Page(2, " \n\u3000\t")), EMBEDDER) == []


@pytest.mark.parametrize(
    ("text", "budget", "expected"),
    [
        ("One two three. Four five six.", 4, ["One two three.", "Four five six."]),
        ("first part\n\nsecond part here", 3, ["first part", "second part here"]),
        ("他说：“你好。”然后走了。", 8, ["他说：“你好。”", "然后走了。"]),
        ("It is 3.5 percent, e.g. so. Next one.", 7, ["It is 3.5 percent, e.g. so.", "Next one."]),
        ("row one\nrow two\nrow three", 5, ["row one\nrow two", "row three"]),
    ],
)
def test_cuts_fall_at_paragraphs_sentences_and_lines(
    text: str, budget: int, expected: list[str]
) -> None:
    assert [c.text for c in split_page(Page(1, text), EMBEDDER, budget)] == expected


def test_a_section_starts_a_chunk_and_carries_its_path_of_headings() -> None:
    body = "word " * 12
    text = f"Top\n\n{body}\n\nInner\n\n{body}\n\nNext\n\n{body}"
    headings = (
        Heading(0, 1, "Top"),
        Heading(text.index("Inner"), 2, "Inner"),
        Heading(text.index("Next"), 1, "Next"),
    )
    chunks = split_page(Page(1, text, headings=headings), EMBEDDER, 14)
    assert [(c.text.split()[0], c.headings) for c in chunks] == [
        ("Top", ("Top",)),
        ("Inner", ("Top", "Inner")),
        ("Next", ("Next",)),
    ]


def test_a_bare_heading_goes_with_what_follows_it() -> None:
    text = "Chapter\n\nSection\n\n" + "word " * 36
    headings = (Heading(0, 1, "Chapter"), Heading(9, 2, "Section"))
    first, *_ = split_page(Page(1, text, headings=headings), EMBEDDER, 40)
    assert first.text.startswith("Chapter\n\nSection")


def test_headings_are_embedded_unless_the_text_says_them() -> None:
    chunk = Chunk(1, 0, 5, "Inner text", ("Top", "Inner"))
    assert embedding_text(chunk) == "Top\nInner text"
    assert embedding_text(Chunk(1, 0, 5, "alone")) == "alone"


def test_rows_of_a_table_carry_its_header_where_that_stands_in_another_chunk() -> None:
    rows = "".join(f"north {n} | {n} EUR | {n} %\n" for n in range(20))
    text = f"Sales of the year:\n\nRegion | Sales | Growth\n{rows}\nThat was all. " + "word " * 40
    page = Page(1, text, headings=(Heading(0, 1, "Report"),))
    chunks = split_page(page, EMBEDDER, 40)
    within = [chunk for chunk in chunks if chunk.text.startswith("north")]
    assert len(within) > 2
    assert {chunk.headings for chunk in within} == {("Report", "Region | Sales | Growth")}
    assert embedding_text(within[0]).startswith("Report > Region | Sales | Growth\n")
    others = [chunk for chunk in chunks if chunk not in within]
    assert len(others) > 1
    assert {chunk.headings for chunk in others} == {("Report",)}


def test_a_wide_tables_header_leaves_room_for_its_rows() -> None:
    header = " | ".join(f"column {n}" for n in range(99))
    rows = "\n".join(" | ".join(f"{n} {m}" for m in range(99)) for n in range(9))
    for chunk in split_page(Page(1, f"{header}\n{rows}"), EMBEDDER, 512):
        assert len(EMBEDDER.token_starts(embedding_text(chunk))) <= EMBEDDER.max_tokens


def test_lists_of_names_and_values_have_no_header() -> None:
    text = "\n".join(f"name {n} | value {n}" for n in range(20))
    assert {chunk.headings for chunk in split_page(Page(1, text), EMBEDDER, 20)} == {()}
