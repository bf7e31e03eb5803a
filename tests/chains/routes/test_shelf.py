"""Which document a text names."""

import pytest

from chains.routes.shelf import bare_name, called, find
from ingest import Document


def document(number: int, source: str, title: str) -> Document:
    return Document(number, source, "path", "text", title, "", 1, 1, "ok", "", "", 1, 1)


SHELF = [
    document(1, "/a/war-and-peace.txt", "war-and-peace"),
    document(2, "/a/annual-report-10k.html", "Form 10-K annual report"),
    document(3, "/a/army-manual.pdf", "The Army Manual"),
    document(4, "/b/notes.md", "Meeting notes 2024"),
    document(5, "/b/notes2.md", "Meeting notes 2025"),
    document(6, "upload:大模型基础.txt", "大模型基础"),
]


@pytest.mark.parametrize(
    ("wanted", "numbers", "exact"),
    [
        ("War and Peace", [1], True),
        ("the novel “War and Peace”", [1], True),
        ("war-and-peace.txt", [1], True),
        ("War and Peas", [1], False),
        ("the annual report", [2], False),
        ("the report", [2], False),
        ("army manual", [3], True),
        ("meeting notes", [4, 5], False),
        ("Meeting notes 2025", [5], True),
        ("《大模型基础》这篇文章", [6], True),
        ("大模型", [6], False),
        ("this document", [], False),
        ("这篇文档", [], False),
        ("the causes of the war", [], False),
        ("peace", [1], False),
        ("pea", [], False),
    ],
)
def test_a_document_is_named_by_its_title_or_file(
    wanted: str, numbers: list[int], exact: bool
) -> None:
    found = find(wanted, SHELF)
    assert [each.id for each in found.documents] == numbers
    assert found.exact == exact


def test_only_is_the_one_that_is_meant() -> None:
    assert find("notes.md", SHELF).only == SHELF[3]
    assert find("meeting notes", SHELF).only is None


def test_words_around_a_name_are_no_part_of_it() -> None:
    assert bare_name("the PDF called “Old Maps”") == "old maps"
    assert bare_name("关于《旧地图》这篇论文") == "旧地图"


def test_a_document_is_called_by_its_title_and_file_unless_they_are_the_same() -> None:
    assert called(SHELF[0]) == "war-and-peace.txt"
    assert called(SHELF[2]) == "The Army Manual (army-manual.pdf)"
