"""Passages opened on their page."""

from langchain_core.documents import Document
from langchain_core.messages.content import create_citation

from app.opened import (
    AROUND,
    LONGEST,
    name_of,
    open_passage,
    other_page,
    place_of,
    view,
)
from app.texts_en import ENGLISH
from app.texts_zh import CHINESE
from ingest import Library, add_upload


def test_a_cited_sentence_is_marked_on_its_page(library: Library) -> None:
    passage = library.search("How tall was the Pharos?", 1)[0]
    begin = passage.metadata["start"]
    at = passage.page_content.index("It stood")
    cited = create_citation(start=begin + at, end=begin + at + len("It stood over 100 metres"))
    seen = view(open_passage(passage, [cited]), library)
    assert seen.current
    assert [seen.text[a:b] for a, b in seen.marks] == ["It stood over 100 metres"]
    assert seen.text[seen.passage[0] : seen.passage[1]] == passage.page_content


def test_without_citations_the_highlights_are_marked(library: Library) -> None:
    passage = library.search("How long do cats sleep?", 1)[0]
    passage.metadata["highlights"] = [(0, 4)]
    seen = view(open_passage(passage), library)
    assert [seen.text[a:b] for a, b in seen.marks] == ["Cats"]


def test_a_removed_document_still_shows_the_passage_and_says_so(library: Library) -> None:
    passage = library.search("How long do cats sleep?", 1)[0]
    passage.metadata["highlights"] = [(0, 4)]
    library.remove("upload:cats.txt")
    seen = view(open_passage(passage), library)
    assert not seen.current
    assert seen.text == passage.page_content
    assert [seen.text[a:b] for a, b in seen.marks] == ["Cats"]


def test_a_changed_document_shows_the_passage_as_it_was(library: Library) -> None:
    passage = library.search("How long do cats sleep?", 1)[0]
    add_upload(library, "cats.txt", b"All about dogs now, and not one word about the others.")
    seen = view(open_passage(passage), library)
    assert (seen.current, seen.text) == (False, passage.page_content)


def test_a_long_page_is_shown_around_the_passage(empty_library: Library) -> None:
    filler = "Nothing to see in this sentence here.\n\n" * 1000
    add_upload(empty_library, "long.txt", f"{filler}The zebra is striped.\n\n{filler}".encode())
    passage = empty_library.search("zebra striped", 1)[0]
    start = passage.page_content.index("The zebra")
    passage.metadata["highlights"] = [(start, start + 21)]
    seen = view(open_passage(passage), empty_library)
    assert len(seen.text) <= 2 * AROUND + len(passage.page_content)
    assert [seen.text[a:b] for a, b in seen.marks] == ["The zebra is striped."]


def test_a_retriever_without_pages_is_shown_by_its_passage(library: Library) -> None:
    passage = Document("Just this.", metadata={"source": "elsewhere"})
    seen = view(open_passage(passage), library)
    assert (seen.text, seen.current) == ("Just this.", False)


def test_pages_are_named_in_the_readers_language_and_sections_as_they_are() -> None:
    assert place_of("3", ENGLISH) == "p. 3"
    assert place_of("3", CHINESE) == "第 3 页"
    assert place_of("Sheet1", CHINESE) == "Sheet1"
    passage = Document("x", metadata={"title": "Cats", "label": "", "headings": ["Cats", "Sleep"]})
    assert name_of(passage, ENGLISH) == "Cats · Sleep"
    assert name_of(Document("x", metadata={"source": "a.txt"}), ENGLISH) == "a.txt"


def test_another_page_is_shown_from_its_beginning_without_marks(library: Library) -> None:
    passage = library.search("How tall was the Pharos?", 1)[0]
    seen = other_page(open_passage(passage), 1, library)
    assert (seen.text, seen.marks, seen.passage) == ("A first page.", (), (0, 0))
    add_upload(library, "tower.txt", ("long " * LONGEST + "\f" + "x").encode())
    assert len(other_page(open_passage(passage), 1, library).text) <= LONGEST + 2
