from hypothesis import given
from hypothesis import strategies as st

from ingest.load.draft import Draft
from ingest.load.markdown import find_headings

STEPS = st.lists(
    st.tuples(st.sampled_from(["line", "block", "heading", "gap"]), st.text(max_size=20))
)


@given(STEPS)
def test_headings_start_where_their_line_starts(steps: list[tuple[str, str]]) -> None:
    draft = Draft()
    for kind, text in steps:
        if kind == "gap":
            draft.gap()
        elif kind == "heading":
            draft.heading(2, text)
        else:
            getattr(draft, kind)(text)
    page = draft.page(1)
    starts = [heading.start for heading in page.headings]
    assert starts == sorted(starts)
    for heading in page.headings:
        assert page.text[heading.start :].split("\n")[0] == heading.title
        assert heading.start == 0 or page.text[heading.start - 1] == "\n"


def test_blocks_are_parted_by_one_blank_line_and_lines_by_none() -> None:
    draft = Draft()
    draft.heading(1, "Top")
    draft.line("one\t two")
    draft.line("  ")
    draft.line("three")
    draft.block("  code\n\n  more  \n")
    draft.table(["a | b", "c | d"])
    assert draft.page(3, "iii").text == (
        "Top\n\none two\nthree\n\n  code\n\n  more\n\na | b\nc | d"
    )


def test_headings_inside_a_block_are_shifted_to_the_page() -> None:
    draft = Draft()
    draft.line("before")
    draft.block("text\n\n# Inside\n", find_headings)
    page = draft.page(1)
    assert [page.text[h.start :] for h in page.headings] == ["# Inside"]
