"""Any LangChain loader can feed the library."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.document_loaders import BaseLoader
from langchain_core.documents import Document
from word_embedder import WordEmbedder

from ingest import Library, SyncReport, sync
from ingest.doctor import examine

pytestmark = pytest.mark.usefixtures("plain_loader")


class Wiki(BaseLoader):
    """Gives what it was told to; some articles in parts, not side by side."""

    def __init__(self, *documents: tuple[str, str], **metadata: object) -> None:
        self._documents = documents
        self._metadata = metadata

    def lazy_load(self) -> Iterator[Document]:
        for source, text in self._documents:
            yield Document(text, metadata={"source": source, **self._metadata})


FOX, WHALE = "https://wiki/fox", "https://wiki/whale"


def test_what_a_loader_loads_is_found_under_its_source(library: Library) -> None:
    loader = Wiki((FOX, "Foxes nap."), (WHALE, "Whales sing."), (FOX, "Foxes hunt."), title="Wiki")
    assert sync(library, loader=loader) == SyncReport(added=[FOX, WHALE])
    (hit,) = library.search("Foxes hunt", 1)
    assert (hit.metadata["source"], hit.metadata["page"]) == (FOX, 2)
    document = library.document(FOX)
    assert document is not None
    assert (document.origin, document.pages, document.title) == ("loader", 2, "Wiki")
    assert examine(library) == []


def test_the_same_again_is_unchanged_and_other_text_replaces(
    library: Library, embedder: WordEmbedder
) -> None:
    sync(library, loader=Wiki((FOX, "Foxes nap."), (WHALE, "Whales sing.")))
    before = embedder.embedded
    again = sync(library, loader=Wiki((FOX, "Foxes nap."), (WHALE, "Whales dive.")))
    assert again == SyncReport(updated=[WHALE], unchanged=[FOX])
    assert embedder.embedded == before + 1
    assert [
        hit.page_content for hit in library.search("sing", 5) if "sing" in hit.page_content
    ] == []


def test_a_loader_without_text_is_a_failure_and_the_rest_goes_in(library: Library) -> None:
    report = sync(library, loader=Wiki((FOX, " "), (WHALE, "Whales sing.")))
    assert report.added == [WHALE]
    assert [(f.source, f.reason) for f in report.failed] == [(FOX, "no text in it")]


def test_a_document_without_source_is_named_after_its_loader(library: Library) -> None:
    class Bare(BaseLoader):
        def lazy_load(self) -> Iterator[Document]:
            yield Document("Bees hum.")

    assert sync(library, loader=Bare()).added == ["Bare"]


def test_a_sync_of_files_leaves_what_was_loaded_alone(library: Library, tmp_path: Path) -> None:
    sync(library, loader=Wiki((FOX, "Foxes nap.")))
    (tmp_path / "a.txt").write_text("Bees hum.")
    report = sync(library, [tmp_path / "a.txt"], loader=Wiki((WHALE, "Whales sing.")))
    assert report.added == sorted([str(tmp_path.resolve() / "a.txt"), WHALE])
    assert {d.source for d in library.documents()} == {*report.added, FOX}


def test_what_a_loader_raises_comes_through_and_what_came_before_stays(library: Library) -> None:
    class Breaks(Wiki):
        def lazy_load(self) -> Iterator[Document]:
            yield from super().lazy_load()
            raise ConnectionError("the wiki is down")

    (Path(library.folder).parent / "b.txt").write_text("Bees hum.")
    with pytest.raises(ConnectionError, match="the wiki is down"):
        sync(library, [library.folder.parent / "b.txt"], loader=Breaks((FOX, "Foxes nap.")))
    assert [d.title for d in library.documents()] == ["b"]
