"""What is judged of one answer."""

from typing import Any

import pytest
from langchain_core.documents import Document

from chains.evaluation.gold import Gold
from chains.evaluation.outcome import of_source, outcome, right
from chains.prompts import WORDINGS


def passage(text: str, source: str = "/docs/cats.txt", page: int = 1, **more: Any) -> Document:
    return Document(text, metadata={"source": source, "title": "On Cats", "page": page, **more})


CATS = passage("Cats sleep. A group is called a clowder.", highlights=[(12, 40)])
DOGS = passage("Dogs bark.", "/docs/dogs.txt", highlights=[])
GOLD = Gold(question="What is a group of cats?", answers=("clowder",), source="cats.txt")


def result(
    answer: str, *cited: int, sources: tuple[Document, ...] = (DOGS, CATS)
) -> dict[str, Any]:
    return {
        "answer": answer,
        "sources": list(sources),
        "citations": [{"cited_text": "", "extras": {"passage": number}} for number in cited],
        "grounded": 0.5,
        "timings": {"first_token_s": 0.1, "total_s": 0.2},
    }


def test_a_right_answer_from_the_second_passage_is_told_apart() -> None:
    told = outcome(GOLD, result("A clowder.", 0, 1), [DOGS, CATS])
    assert (told.rank, told.in_answer, told.in_marked) == (2, True, True)
    assert (told.cited, told.cited_right, told.grounded) == (2, 1, 0.5)
    assert told.f1 == 1
    assert told.sources == (("/docs/dogs.txt", 1), ("/docs/cats.txt", 1))
    assert not told.refused


def test_what_no_line_tells_is_not_judged() -> None:
    told = outcome(Gold(question="Why?"), result("Because.", 0), [DOGS])
    assert (told.rank, told.in_answer, told.in_marked, told.f1, told.cited_right) == (None,) * 5
    told = outcome(Gold(question="Why?", source="dogs.txt", unanswerable=True), result("x"), [DOGS])
    assert told.rank is None


def test_a_passage_beyond_the_fifth_is_not_found() -> None:
    assert outcome(GOLD, result("x"), [DOGS] * 4 + [CATS]).rank == 5
    assert outcome(GOLD, result("x"), [DOGS] * 5 + [CATS]).rank == 0


@pytest.mark.parametrize("question", ["What is a group of cats?", "一群猫叫什么？"])
def test_a_refusal_is_known_by_its_words_or_by_the_chain_saying_so(question: str) -> None:
    gold = Gold(question=question, answers=("clowder",))
    words = WORDINGS["zh" if question.startswith("一") else "en"].nothing_found
    told = outcome(gold, result(words), [])
    assert (told.refused, told.in_answer, told.f1, told.grounded) == (True, False, 0.0, None)
    assert not outcome(gold, {**result(words), "refused": False}, []).refused
    assert outcome(gold, {**result("I can't say."), "refused": True}, []).refused


def test_the_quote_decides_then_the_page_then_the_source_then_the_answer() -> None:
    text = passage("It is a\nclowder.", page=4, label="iv")
    other = passage("clowder", "/docs/dogs.txt", page=4)
    by = {"question": "Q", "answers": ("clowder",)}
    assert right(Gold(**by, quote="is a clowder", source="cats.txt", page=9), text)
    assert not right(Gold(**by, quote="is a glaring", source="cats.txt", page=4), text)
    assert not right(Gold(**by, quote="clowder", source="cats.txt"), other)
    assert right(Gold(**by, source="cats.txt", page=4), text)
    assert right(Gold(**by, source="cats.txt", page="iv"), text)
    assert not right(Gold(**by, source="cats.txt", page=5), text)
    assert right(Gold(question="Q", answers=("purr",), source="cats.txt"), text)
    assert right(Gold(**by), other)
    assert not right(Gold(question="Q", answers=("purr",)), other)


@pytest.mark.parametrize(
    "wanted",
    ["/home/a/Papers/Cats.pdf", "papers/cats.pdf", "cats.PDF", "./Papers/Cats.pdf", "On Cats"],
)
def test_a_document_is_known_by_its_path_the_end_of_it_or_its_title(wanted: str) -> None:
    assert of_source(wanted, {"source": "/home/a/Papers/Cats.pdf", "title": "On cats"})


@pytest.mark.parametrize("wanted", ["ats.pdf", "other/Cats.pdf", "/", "Papers", "On"])
def test_another_document_or_a_part_of_a_name_is_none(wanted: str) -> None:
    assert not of_source(wanted, {"source": "/home/a/Papers/Cats.pdf", "title": "On cats"})


def test_an_uploaded_document_is_known_by_its_name() -> None:
    assert of_source("cats.pdf", {"source": "upload:cats.pdf", "title": ""})
