from hypothesis import given
from hypothesis import strategies as st

from ingest.load.hyphens import mend_hyphens


def test_broken_words_are_joined_and_compounds_keep_their_hyphen() -> None:
    pages = [
        "an impor\x02tant\ufffe idea",
        "GPT\ufffe2, open\ufffesource",
        "an open source, open-source",
    ]
    assert mend_hyphens(pages)[:2] == ["an important- idea", "GPT-2, open-source"]


def test_two_words_of_the_document_make_a_compound_unless_the_joined_word_is_one_too() -> None:
    assert mend_hyphens(["king\ufffeconsort", "the king, his consort"])[0] == "king-consort"
    assert mend_hyphens(["frame\ufffework", "frame work framework"])[0] == "framework"


def test_the_break_may_stand_before_a_line_end() -> None:
    assert mend_hyphens(["exam\x02\r\nple"]) == ["example"]


@given(st.lists(st.text("ab-\x02\ufffe \n")))
def test_no_mark_survives_and_no_page_is_lost(pages: list[str]) -> None:
    mended = mend_hyphens(pages)
    assert len(mended) == len(pages)
    assert not any("\x02" in text or "\ufffe" in text for text in mended)
