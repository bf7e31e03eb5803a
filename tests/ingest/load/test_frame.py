from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.load.frame import MAX_BYTES, read_loaded, read_message, write_loaded, write_message
from ingest.load.loaded import Loaded
from ingest.page import Heading, Page

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
HEADINGS = st.builds(Heading, st.integers(0), st.integers(1, 6), TEXT)
PAGES = st.builds(Page, st.integers(1), TEXT, TEXT, st.lists(HEADINGS, max_size=3).map(tuple))
DOCUMENTS = st.builds(Loaded, st.lists(PAGES, max_size=3).map(tuple), TEXT, TEXT)


@given(st.lists(DOCUMENTS, max_size=3))
def test_documents_come_out_of_the_pipe_as_they_went_in(documents: list[Loaded]) -> None:
    pipe = BytesIO()
    for document in documents:
        write_loaded(pipe, document)
    pipe.seek(0)
    assert [read_loaded(pipe, read_message(pipe) or {}) for _ in documents] == documents
    assert read_message(pipe) is None


def test_a_message_that_breaks_off_is_none() -> None:
    pipe = BytesIO()
    write_message(pipe, {"a": "b"})
    assert read_message(BytesIO(pipe.getvalue()[:-1])) is None
    assert read_message(BytesIO(pipe.getvalue()[:5])) is None


def test_a_document_that_breaks_off_is_none() -> None:
    pipe = BytesIO()
    write_loaded(pipe, Loaded((Page(1, "one"), Page(2, "two")), "text", "t"))
    cut = BytesIO(pipe.getvalue()[:-1])
    assert read_loaded(cut, read_message(cut) or {}) is None


def test_a_message_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(ValueError, match="are the most"):
        read_message(BytesIO((MAX_BYTES + 1).to_bytes(8, "big")))


def test_the_texts_of_a_document_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = BytesIO()
    write_loaded(pipe, Loaded((Page(1, "a" * 600), Page(2, "b" * 600)), "text", "t"))
    pipe.seek(0)
    monkeypatch.setattr("ingest.load.frame.MAX_BYTES", 1000)
    with pytest.raises(ValueError, match="600 bytes, and 400 are the most"):
        read_loaded(pipe, read_message(pipe) or {})
