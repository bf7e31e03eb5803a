import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.load.characters import clean, one_line, sane_title

ANY_TEXT = st.text(st.characters(exclude_categories=[]))  # lone surrogates too


@given(ANY_TEXT)
def test_clean_text_can_be_stored_and_cleaning_it_again_changes_nothing(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert "\x00" not in cleaned
    assert "\r" not in cleaned
    assert clean(cleaned) == cleaned


@given(ANY_TEXT)
def test_one_line_is_one_line(text: str) -> None:
    line = one_line(text)
    assert "\n" not in line
    assert line == line.strip()


def test_every_kind_of_line_end_becomes_the_same() -> None:
    assert clean("a\r\nb\rc\x0bd\x0ce\u2028f\n") == "a\nb\nc\nd\ne\nf\n"


@pytest.mark.parametrize(
    "leaving", ["", None, "Untitled", "Microsoft Word - report.doc", "book.indd", "---", "x\ufffdy"]
)
def test_what_programs_leave_in_the_title_is_no_title(leaving: str | None) -> None:
    assert sane_title(leaving) == ""


def test_a_real_title_is_kept() -> None:
    assert sane_title(" Annual\n report ") == "Annual report"
