"""Questions of other kinds through the chain: what is said, what it rests on, in which parts."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.retrievers import BaseRetriever

from chains import rag_chain
from chains.rag import PROGRESS
from ingest import Library
from models.chat_model import KvasirChat

Ask = Callable[..., dict[str, Any]]
KEYS = {
    "answer", "sources", "citations", "grounded", "flagged", "refused", "timings", "route",
}  # fmt: skip
FOX = "The red fox lives in forests. It eats mice. It digs dens for its young."


class Steps(BaseCallbackHandler):
    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def on_custom_event(self, name: str, data: Any, **kwargs: Any) -> None:
        if name == PROGRESS:
            self.seen.append(data)


def cited(result: dict[str, Any]) -> list[str]:
    return [citation["cited_text"] for citation in result["citations"]]


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ('How many times does "fox" occur?', "“fox” occurs 5 times, in 1 of 5 documents"),
        ("How often is winter mentioned in my documents?", "occurs 2 times, in 2 of 5"),
        ("How many times does den appear in fox.txt?", "“den” occurs once in fox.txt."),
        ("Which documents mention wolves?", "“wolves” stands in 0 of 5 documents."),
        ("哪些文档提到了红茶？", "有 1 个包含“红茶”"),
        ("“红茶”出现了多少次？", "“红茶”共出现 2 次"),
        ("How many rows in sales.csv have state = open?", "3 of 4 rows in sales.csv"),
        ("How many rows in sales.csv have units > 100?", "2 of 4 rows in sales.csv"),
        ("What is the sum of units in sales.csv?", "is 1,450.5."),
        ("What is the average units in sales.csv?", "is 483.5."),
        ("What is the sum of units in sales.csv where city = Oslo?", "is 1,500.5."),
        ("What is the lowest units in sales.csv?", "is -50."),
        ("List all values of column city in sales.csv.", "3 different values:\n- Oslo (2)"),
        ("How many rows are in sales.csv?", "has 4 rows"),
        ("sales.csv中units列的总和是多少？", "总和是 1,450.5。"),
        ("What is the total count in the sheet South?", "stock.xlsx (South) is 55."),
        ("How many documents are in my library?", "The library holds 5 documents"),
        ("How many files are in the folder animals?", "I found 2 documents"),
        ("Which files could not be read?", "broken.pdf: "),
        ("Which documents were added before 2020-01-01?", "I found 0 documents"),
        ("Which embedding model does the library use?", "multilingual-e5-small"),
    ],
)
def test_what_can_be_counted_is_computed_without_the_model(
    ask: Ask, question: str, words: str
) -> None:
    result = ask(question)
    assert set(result) == KEYS
    assert words in result["answer"]
    assert result["answer"].endswith(result["route"]["did"])
    assert result["grounded"] == 1.0
    assert result["route"]["own"] == [0, len(result["answer"])]
    assert result["timings"]["prompt_tokens"] == 0


def test_each_counted_row_is_cited(ask: Ask) -> None:
    result = ask("How many rows in sales.csv have city = Oslo?")
    assert cited(result) == ["Oslo | 2023 | 1,200 | open", "Oslo | 2024 | 300.5 | Open"]


def test_the_largest_value_is_cited_by_its_row(ask: Ask) -> None:
    assert cited(ask("What is the highest units in sales.csv?")) == ["Oslo | 2023 | 1,200 | open"]


def test_counted_places_are_cited_by_their_sentences(ask: Ask) -> None:
    result = ask("Which documents mention winter?")
    assert "In winter badgers sleep for days, but they do not hibernate." in cited(result)
    assert all("winter" in text.lower() for text in cited(result))


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Summarise this document.", "fox.txt"),
        ("What is the sum of count in stock.xlsx?", "stock.xlsx · North"),
        ("What is the sum of column colour in sales.csv?", "city | year | units | state"),
        ("Summarise the file wolf.txt", "fox.txt"),
    ],
)
def test_what_is_not_told_apart_is_asked_back_with_the_candidates(
    ask: Ask, question: str, name: str
) -> None:
    result = ask(question)
    assert name in result["answer"]
    assert result["grounded"] == 0.0
    assert result["citations"] == []


def test_a_model_that_quotes_gets_the_documents_own_sentences(ask: Ask, chat: KvasirChat) -> None:
    result = ask("Summarise fox.txt in three sentences.", chat)
    quotes = result["answer"].removesuffix(result["route"]["did"]).split("\n\n")
    assert cited(result) == [quote for quote in quotes if quote]
    assert len(cited(result)) == 3
    starts = [citation["extras"]["start"] for citation in result["citations"]]
    assert starts == sorted(starts)
    assert result["grounded"] == 1.0


def test_a_comparison_quotes_both_documents_on_the_topic(ask: Ask, chat: KvasirChat) -> None:
    result = ask("Compare fox.txt with the Badger Book on food.", chat)
    assert {source.metadata["title"] for source in result["sources"]} == {"fox", "The Badger Book"}
    assert "A fox eats mice, berries and whatever people leave behind." in cited(result)
    assert any("eats earthworms" in text for text in cited(result))


def test_a_model_that_writes_summarises_and_is_checked(ask: Ask) -> None:
    summary = "A fox eats mice, berries and whatever people leave behind. Foxes vote in 1990."
    result = ask("Summarise fox.txt", FakeListChatModel(responses=[summary]))
    assert result["answer"].startswith(summary)
    assert result["grounded"] == 0.5
    assert [flag["what"] for flag in result["flagged"]] == ["1990"]
    assert result["route"]["own"] == [len(summary) + 2, len(result["answer"])]
    assert result["citations"][0]["cited_text"].startswith("A fox eats mice")


def test_a_model_that_writes_compares_and_is_checked(ask: Ask) -> None:
    said = "A badger eats earthworms, insects and fruit, and hunts at night."
    result = ask("Compare fox.txt and badger.md", FakeListChatModel(responses=[said]))
    assert result["grounded"] == 1.0
    assert result["citations"][0]["extras"]["source"].endswith("badger.md")


def test_parts_come_as_for_any_question_and_add_up(zoo: Library) -> None:
    rag = rag_chain(zoo, llm=FakeListChatModel(responses=["x"]))
    parts = list(rag.stream('How many times does "fox" occur?'))
    assert set(parts[0]) == {"sources"}
    whole = parts[0]
    for part in parts[1:]:
        whole = whole + part
    assert set(whole) == KEYS
    assert all(isinstance(source, Document) for source in whole["sources"])


def test_progress_is_reported_step_by_step(ask: Ask) -> None:
    counting, summing = Steps(), Steps()
    ask('How many times does "fox" occur?', callbacks=[counting])
    assert [step["done"] for step in counting.seen if step["step"] == "counting"][-1] == 5
    ask("Summarise fox.txt", FakeListChatModel(responses=["Foxes."]), [summing])
    steps = [step for step in summing.seen if step["step"] == "summarising"]
    assert (steps[-1]["done"], steps[-1]["total"]) == (1, 1)


def test_a_stream_can_be_closed_before_the_summary_is_written(zoo: Library) -> None:
    rag = rag_chain(zoo, llm=FakeListChatModel(responses=["Foxes eat mice. " * 50]))
    with closing(rag.stream("Summarise fox.txt")) as parts:
        seen = [next(parts) for _ in range(3)]
    assert "sources" in seen[0]
    assert all(set(part) == {"answer"} for part in seen[1:])


def test_with_another_retriever_every_question_goes_the_usual_way(zoo: Library) -> None:
    class Fixed(BaseRetriever):
        def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
            return [Document(FOX)]

    llm = FakeListChatModel(responses=["It eats mice."])
    result = rag_chain(zoo, llm=llm, retriever=Fixed()).invoke("Summarise fox.txt")
    assert result["answer"] == "It eats mice."
    assert "route" not in result
