"""Very long pages come in parts."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.load.parts import in_parts
from ingest.page import BEFORE, Heading, Page


@given(st.lists(st.text(alphabet="ab \n", max_size=80), max_size=4), st.integers(2, 30))
def test_the_parts_are_the_pages_no_character_lost_and_none_too_long(
    texts: list[str], longest: int
) -> None:
    parts = list(in_parts([Page(i + 1, text) for i, text in enumerate(texts)], longest))
    assert "".join(part.text for part in parts) == "".join(texts)
    assert all(len(part.text) <= longest for part in parts)
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))


@given(st.text(alphabet="ab \n", max_size=80), st.integers(2, 30), st.data())
def test_a_heading_stays_at_its_line_and_goes_on_over_the_later_parts(
    text: str, longest: int, data: st.DataObject
) -> None:
    if not text:
        return
    place = data.draw(st.integers(0, len(text) - 1))
    page = Page(1, text, "A", (Heading(BEFORE, 1, "above"), Heading(place, 2, "here")))
    reached = 0
    for part in in_parts([page], longest):
        titles = [heading.title for heading in part.headings]
        until = reached + len(part.text)
        assert titles == (["above", "here"] if place < until else ["above"])
        if reached <= place < until:
            assert part.headings[-1].start == place - reached
        elif place < reached:
            assert part.headings[-1].start == BEFORE
        reached = until


def test_a_page_is_cut_between_paragraphs_rather_than_inside_one() -> None:
    parts = list(in_parts([Page(1, "one two\n\nthree\nfour five", "A")], longest=12))
    assert [part.text for part in parts] == ["one two\n\n", "three\nfour ", "five"]
    assert [part.label for part in parts] == ["A 1/3", "A 2/3", "A 3/3"]


def test_pages_of_the_usual_length_stay_as_they_are() -> None:
    pages = [Page(1, "one", "i"), Page(2, "two", "", (Heading(0, 1, "two"),))]
    assert list(in_parts(pages)) == pages
