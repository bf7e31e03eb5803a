from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st

from ingest.load.frame import pack, read_message, unpack, write_message
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
        write_message(pipe, pack(document))
    pipe.seek(0)
    assert [unpack(read_message(pipe) or {}) for _ in documents] == documents
    assert read_message(pipe) is None


def test_a_message_that_breaks_off_is_none() -> None:
    pipe = BytesIO()
    write_message(pipe, {"a": "b"})
    assert read_message(BytesIO(pipe.getvalue()[:-1])) is None
    assert read_message(BytesIO(pipe.getvalue()[:5])) is None
