"""What may be asked next, drafted from what stands around an answer."""

from collections.abc import Iterator

import pytest
from langchain_core.documents import Document

from chains.routes import Shelf, route_of
from chains.suggestions import suggestions
from ingest import Library, sync
from models.embeddings import KvasirEmbeddings

TOWER = """# The Tower

The Pharos of Alexandria was completed in 280 BC. The Colossus of Rhodes was finished in 280 BC.
Microsoft was founded by Bill Gates in 1975. The Lanterna of Genoa was completed in 1543.

## Lamps and mirrors

They were bright.

## Introduction

None.
"""
FORTS = "# Forts\n\nThe Alhambra was founded in 1238 by Muhammad. It is red.\n"
TEA = """# 茶

浙江的龙井茶产于杭州西湖，历史很长。云南的滇红茶由冯绍裘创办。云南的茶马古道始建于唐代，很长。

## 炒青与烘青

很香。
"""
PLAIN = "it is small, and they are, too"


@pytest.fixture(scope="module")
def shelf(
    tmp_path_factory: pytest.TempPathFactory, embedder: KvasirEmbeddings
) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("suggestions")
    files = {"tower.md": TOWER, "forts.md": FORTS, "茶.md": TEA, "plain.txt": PLAIN}
    (folder / "files").mkdir()
    for name, text in files.items():
        (folder / "files" / name).write_text(text, "utf-8")
    (folder / "files" / "numbers.csv").write_text("a,b\n1,2\n", "utf-8")
    with Library(folder / "library", embedder=embedder) as library:
        assert not sync(library, [folder / "files"]).failed
        yield library


def passage(library: Library, name: str) -> Document:
    [document] = [each for each in library.documents() if each.source.endswith(name)]
    text = library.page(document.source, 1).text
    place = {"source": document.source, "title": document.title, "page": 1, "start": 0}
    return Document(text[:40], metadata={**place, "end": 40})


def test_questions_are_spread_over_the_documents_and_leave_out_what_is_known(
    shelf: Library,
) -> None:
    sources = [passage(shelf, "tower.md"), passage(shelf, "forts.md")]
    put = suggestions("What is tall?", "Towers are tall.", sources, shelf)
    assert "When was the Alhambra founded?" in put[:2]
    assert len(put) == len(set(put)) == 3
    answer = "The Pharos of Alexandria was completed in 280 BC."
    asked = ["When was the Alhambra founded?", "When was the Colossus of Rhodes finished?"]
    known = suggestions("When was the Pharos completed?", answer, sources, shelf, asked=asked)
    assert not {*asked, "When was the Pharos of Alexandria completed?"} & set(known)
    assert "When was Microsoft founded by Bill Gates?" in known


def test_where_sentences_give_nothing_sections_do_and_then_summaries(shelf: Library) -> None:
    said = TOWER.split("\n")[2]
    put = suggestions(
        "Which?", said + " Microsoft was founded.", [passage(shelf, "tower.md")], shelf
    )
    assert "What does The Tower say about “Lamps and mirrors”?" in put
    assert not any("Introduction" in each for each in put)
    here = passage(shelf, "tower.md")
    here.metadata["headings"] = ["Lamps and mirrors"]
    assert suggestions("Which?", said, [here], shelf, asked=put) == ["Summarize “The Tower”"]
    [summary] = suggestions("Which?", "Small.", [passage(shelf, "plain.txt")], shelf)
    assert summary == "Summarize “plain”"
    route = route_of(summary, Shelf(shelf))
    assert route is not None
    assert route.name == "summarise"
    assert suggestions("?", "Small.", [passage(shelf, "plain.txt")], shelf, asked=[summary]) == []


def test_the_questions_language_is_spoken(shelf: Library) -> None:
    sources = [passage(shelf, "tower.md"), passage(shelf, "茶.md")]
    put = suggestions("茶有什么？", "茶很香。", sources, shelf)
    assert "浙江的龙井茶产于哪里？" in put
    assert "关于“炒青与烘青”，《茶》是怎么说的？" in put
    assert not [each for each in put if each.isascii()]
    [summary] = suggestions("为什么？", "小。", [passage(shelf, "plain.txt")], shelf)
    assert summary == "总结《plain》"
    route = route_of(summary, Shelf(shelf))
    assert route is not None
    assert route.name == "summarise"


def test_no_sources_tables_and_what_is_gone_suggest_nothing(shelf: Library) -> None:
    gone = passage(shelf, "tower.md")
    gone.metadata["source"] = "/gone/tower.md"
    for sources in (
        [],
        [passage(shelf, "numbers.csv")],
        [gone],
        [Document("of another retriever")],
    ):
        assert suggestions("Which?", "None.", sources, shelf) == []


def test_what_asks_the_same_of_something_else_comes_last(shelf: Library) -> None:

    put = suggestions("Which?", "None.", [passage(shelf, "tower.md")], shelf, count=9)
    towers = [each for each in put if each.endswith("completed?")]
    assert len(towers) == 2
    assert put[-1] == towers[-1]


def test_no_more_are_given_than_are_wanted(shelf: Library) -> None:
    sources = [passage(shelf, name) for name in ("tower.md", "forts.md", "plain.txt")]
    for count in (0, 1, 2):
        assert len(suggestions("Which?", "None.", sources, shelf, count=count)) <= max(count, 0)
