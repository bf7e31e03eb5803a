"""Which questions take a route: those that ask for it, and no ordinary one."""

import json
from pathlib import Path
from typing import Any

import pytest

from chains.routes import Shelf, route_of
from ingest import Document, Library

QA = Path(__file__).resolve().parents[4] / "shared" / "qa"
FILES = ("xquad.en.dev.json", "xquad.zh.dev.json", "cmrc2018.dev.json")

TAKEN = {
    "library": """
        What documents do you have?
        How many documents are in my library?
        How many PDFs do I have?
        Please list all my documents.
        What types of documents are there?
        Which files could not be read and why?
        How big is my library?
        Which embedding model does the library use?
        Which documents were added since 2020-01-01?
        How many files are in the folder animals?
        When was fox.txt added?
        文档库里有哪些文档？
        请问一共有多少个文档？
        哪些文件读取失败了？为什么？
        文档库多大？
        最近添加了哪些文档？
    """,
    "count": """
        How many times does "fox" occur?
        How often is winter mentioned in my documents?
        How many times does den appear in the Badger Book?
        Count the occurrences of “mice” in fox.txt.
        Which documents mention winter?
        How many files contain "dens"?
        List the documents that mention 'fox'.
        “红茶”出现了多少次？
        哪些文档提到了红茶？
        有多少个关于红茶的文档？
    """,
    "table": """
        How many rows are in sales.csv?
        How many rows in sales.csv have state = open?
        List all values of column city in sales.csv.
        What is the sum of units in sales?
        What is the highest units in sales.csv?
        sales.csv有多少行？
        sales.csv中units列的总和是多少？
        列出sales.csv中city列的所有值
    """,
    "summarise": """
        Summarise fox.txt.
        Could you please summarize the Badger Book in three sentences?
        Give me a short summary of fox.
        What is fox.txt about?
        Summarise this document.
        tl;dr
        请总结一下茶.txt
        用两句话概括茶.txt
        这篇文档讲了什么？
        Summarise my library
    """,
    "compare": """
        Compare fox.txt and badger.md
        Compare fox.txt with the Badger Book on food.
        What is the difference between fox and badger.md?
        How do fox.txt and badger.md differ?
        比较fox.txt和badger.md
        fox.txt和badger.md有什么区别？
    """,
}
ORDINARY = """
    What does a fox eat?
    How many mice does a fox eat?
    How many times did plague occur in Venice?
    How often does the fox appear in towns?
    How many words are there?
    How many pictures are there in the exhibition?
    How many papers did Einstein publish?
    What was the average household size?
    What is the total number of people in Oslo?
    What is the largest city in Norway?
    Compare cats and dogs.
    What is the difference between a fox and a wolf?
    Summarise the causes of the war.
    What is love about?
    When was the battle of Hastings?
    How long is the Amazon?
    Which documents did the king sign?
    红茶起源于哪里？
    威尼斯爆发了多少次瘟疫？
    红茶和绿茶有什么区别？
    《铁拳男人》的内容是什么？
    总结战争的原因
    平均每户规模是多少人？
"""


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


class Titles:
    """A library of which only the documents' titles are known."""

    def __init__(self, titles: list[str]) -> None:
        self._documents = [
            Document(i, f"/{t}.txt", "path", "text", t, "", 1, 1, "ok", "", "", 1, 1)
            for i, t in enumerate(titles)
        ]

    def documents(self) -> list[Document]:
        return self._documents


@pytest.mark.parametrize(
    ("name", "question"), [(name, q) for name, text in TAKEN.items() for q in lines(text)]
)
def test_a_question_of_a_kind_takes_its_route(zoo: Library, name: str, question: str) -> None:
    route = route_of(question, Shelf(zoo))
    assert route is not None
    assert route.name == name


@pytest.mark.parametrize("question", lines(ORDINARY))
def test_an_ordinary_question_takes_none(zoo: Library, question: str) -> None:
    assert route_of(question, Shelf(zoo)) is None


@pytest.mark.parametrize("file", FILES)
def test_no_question_about_articles_is_taken_though_they_are_documents_by_title(file: str) -> None:
    if not (QA / file).is_file():
        pytest.skip(f"{file} is not beside the checkout")
    articles = json.loads((QA / file).read_text("utf-8"))["data"]
    library: Any = Titles([article["title"] for article in articles])
    shelf = Shelf(library)
    questions = [
        qa["question"] for a in articles for paragraph in a["paragraphs"] for qa in paragraph["qas"]
    ]
    assert len(questions) > 500
    assert [question for question in questions if route_of(question, shelf)] == []


def test_an_empty_library_is_asked_only_about_itself() -> None:
    library: Any = Titles([])
    assert route_of("Which documents mention winter?", Shelf(library)) is None
    assert route_of("Summarise this document", Shelf(library)) is None
    assert route_of("How many documents are there?", Shelf(library)) is not None


def test_a_very_long_question_is_an_ordinary_one(zoo: Library) -> None:
    assert route_of("Summarise fox.txt " + "please " * 100, Shelf(zoo)) is None
