from collections.abc import Iterator

import pytest
from langchain_core.document_loaders import BaseLoader
from langchain_core.documents import Document

from ingest.errors import DocumentError
from ingest.load.community import load_with, parse_conllu


class Fixed(BaseLoader):
    def __init__(self, *documents: Document) -> None:
        self.documents = documents

    def lazy_load(self) -> Iterator[Document]:
        yield from self.documents


def test_any_langchain_loader_gives_pages() -> None:
    loader = Fixed(
        Document("one\r\n\x00", metadata={"page": 0, "title": "Both"}),
        Document("two", metadata={"page": 1, "page_label": "ii"}),
        Document("three"),
    )
    loaded = load_with(loader)
    assert [(p.number, p.text, p.label) for p in loaded.pages] == [
        (1, "one\n", "1"),
        (2, "two", "ii"),
        (3, "three", ""),
    ]
    assert (loaded.title, loaded.format) == ("Both", "Fixed")


def test_a_loader_without_text_is_an_error() -> None:
    with pytest.raises(DocumentError, match="no text in what Fixed loaded"):
        load_with(Fixed(Document(" ")))


def test_a_treebank_is_read_as_running_text(write) -> None:
    rows = [
        ["1", "Tea", *["_"] * 8],
        ["2", "cools", *["_"] * 7, "SpaceAfter=No"],
        ["3", ".", *["_"] * 8],
    ]
    text = "# text\n" + "\n".join("\t".join(row) for row in rows) + "\n"
    assert parse_conllu(write("a.conllu", text))[0][0].text == "Tea cools."
    with pytest.raises(DocumentError, match="CoNLL-U"):
        parse_conllu(write("b.conllu", "1\tx\n"))
