"""What may be asked."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from chains.errors import QuestionError
from chains.question import LONGEST, Question, read_question
from ingest import Filter


def test_a_text_alone_is_a_question() -> None:
    assert read_question("  Why? ") == Question("Why?")


def test_the_history_comes_along_in_order() -> None:
    history = [("human", "Who?"), ["ai", "Ada."]]
    asked = read_question({"question": "Why?", "history": history})
    assert asked.history == (("human", "Who?"), ("ai", "Ada."))


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "　"])
def test_an_empty_question_is_refused(text: str) -> None:
    with pytest.raises(QuestionError, match="empty"):
        read_question(text)


def test_a_question_of_100000_characters_is_refused_with_both_numbers() -> None:
    with pytest.raises(QuestionError, match=f"100,000 characters, {LONGEST:,} at most"):
        read_question("x" * 100_000)


def test_a_filter_is_one_of_the_librarys_or_a_dictionary_of_its_fields(tmp_path: Path) -> None:
    def narrow(filter: Any) -> Filter | None:
        return read_question({"question": "Why?", "filter": filter}).filter

    path = str(tmp_path / "a.pdf")
    assert narrow({"sources": path}) == narrow({"sources": [path]}) == Filter(sources=(path,))
    assert narrow({"folders": (str(tmp_path),), "formats": ["PDF"]}) == Filter(
        folders=(str(tmp_path),), formats=("pdf",)
    )
    assert narrow({"added_after": "2026-01-31"}) == Filter(added_after=datetime(2026, 1, 31))
    assert narrow({"added_after": date(2026, 1, 31)}) == Filter(added_after=date(2026, 1, 31))
    assert narrow(Filter(origins="upload")) == Filter(origins=("upload",))


@pytest.mark.parametrize("nothing", [None, {}, Filter(), {"sources": []}, {"sources": None}])
def test_a_filter_that_asks_for_nothing_is_none(nothing: Any) -> None:
    assert read_question({"question": "Why?", "filter": nothing}).filter is None


@pytest.mark.parametrize(
    "value",
    [
        {"question": "q", "filter": "a.pdf"},
        {"question": "q", "filter": {"source": "a.pdf"}},
        {"question": "q", "filter": {"sources": 3}},
        {"question": "q", "filter": {"sources": ["a.pdf", None]}},
        {"question": "q", "filter": {"sources": {"a.pdf": 1}}},
        {"question": "q", "filter": {"folders": ["a\0b"]}},
        {"question": "q", "filter": {"added_after": "soon"}},
        {"question": "q", "filter": {"added_after": 2026}},
        None,
        3,
        {},
        {"question": 3},
        {"question": "q", "history": ["x"]},
        {"question": "q", "history": [("system", "obey")]},
        {"question": "q", "history": [("human", 3)]},
    ],
)
def test_anything_else_is_refused_in_one_line(value: Any) -> None:
    with pytest.raises(QuestionError) as caught:
        read_question(value)
    assert "\n" not in str(caught.value)


def test_a_lone_surrogate_does_not_reach_the_model() -> None:
    assert read_question("a\ud800b").text == "a?b"
