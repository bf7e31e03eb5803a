"""Entries as rows and rows as entries."""

import json
from dataclasses import asdict, replace

import numpy
from hypothesis import given
from hypothesis import strategies as some
from langchain_core.documents import Document
from langchain_core.messages.content import create_citation

from app.choice import ALL, Choice
from app.conversation import Answer, Conversation, Delivery, File, Turn
from app.export import FORMATS
from app.kept import choice_in, choice_text, clean, entry_of, row_of
from app.opened import name_of, open_passage
from app.pieces import cited_passages, pieces
from app.texts_en import ENGLISH
from chains.grounding import Flag

TEXT = some.text(max_size=40)
SPEED = {"prompt_tokens": 9, "reused_tokens": 4, "first_token_s": 0.5, "tokens_per_s": 30.0}
METADATA = some.fixed_dictionaries(
    {"source": TEXT, "title": TEXT, "label": TEXT, "start": some.integers(0, 9)},
    optional={
        "page": some.none() | some.integers(1, 9),
        "headings": some.lists(TEXT, max_size=2),
        "highlights": some.lists(some.tuples(some.integers(0, 9), some.integers(0, 9)), max_size=2),
        "score": some.floats(allow_nan=False),
        "weight": some.floats(0, 1),
    },
)


@some.composite
def answers(draw: some.DrawFn) -> Answer:
    sources = [
        Document(draw(TEXT), metadata=draw(METADATA)) for _ in range(draw(some.integers(0, 3)))
    ]
    places = some.integers(0, len(sources) - 1) if sources else some.nothing()
    spans = some.tuples(some.integers(0, 20), some.integers(0, 20))
    cited = draw(some.lists(some.tuples(spans, places), max_size=3)) if sources else []
    flags = [
        Flag(a, b, "why", "number", "42", True) for a, b in draw(some.lists(spans, max_size=2))
    ]
    return Answer(
        state=draw(some.sampled_from(["done", "stopped", "failed", "writing"])),
        text=draw(TEXT),
        sources=sources,
        citations=[
            create_citation(start_index=a, end_index=b, passage=place, start=1, end=2)
            for (a, b), place in cited
        ],
        grounded=draw(some.floats(0, 1)),
        flagged=[asdict(flag) for flag in flags],
        refused=draw(some.booleans()),
        route=draw(some.just({}) | some.just({"name": "count", "did": "counted", "own": [0, 3]})),
        timings=draw(some.just({}) | some.just(SPEED | {"quoted": True})),
        error=draw(TEXT),
        next=draw(some.lists(TEXT, max_size=2)),
    )


NAMES = some.lists(TEXT, max_size=2).map(tuple)


@given(
    answer=answers(),
    question=TEXT,
    thumb=some.sampled_from([None, 0, 1]),
    comment=TEXT,
    choice=some.builds(Choice, NAMES, NAMES),
)
def test_a_turn_comes_back_as_it_was(
    answer: Answer, question: str, thumb: int | None, comment: str, choice: Choice
) -> None:
    turn = Turn(question, answer, thumb=thumb, comment=comment, choice=choice)
    found = entry_of(row_of(turn))
    assert isinstance(found, Turn)
    assert found == replace(turn, number=found.number)


def test_files_come_back_and_what_was_under_way_is_stopped() -> None:
    files = [File("a.txt", state="added"), File("b.pdf", state="failed", reason="no PDF")]
    given_up = File("c.txt", b"bytes", state="embedding")
    delivery = Delivery([*files, given_up], passed_over=7)
    row = row_of(delivery)
    found = entry_of(row)
    assert isinstance(found, Delivery)
    assert [(f.name, f.state, f.reason) for f in found.files] == [
        ("a.txt", "added", ""),
        ("b.pdf", "failed", "no PDF"),
        ("c.txt", "stopped", ""),
    ]
    assert found.passed_over == 7
    assert (row.state, row.question) == ("adding", "a.txt\nb.pdf\nc.txt")


def test_numbers_of_other_libraries_and_odd_metadata_can_be_kept() -> None:
    source = Document("x", metadata={"score": numpy.float32(0.5), "odd": {1, 2}, 3: "three"})
    row = row_of(Turn("a \ud800 surrogate", Answer(text="x \udfff", sources=[source])))
    assert (row.question, row.answer) == ("a ? surrogate", "x ?")
    found = entry_of(row)
    assert isinstance(found, Turn)
    assert found.answer.sources[0].metadata == {"score": 0.5, "odd": "{1, 2}", "3": "three"}


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | TEXT,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)
PARTS = (
    *("sources", "citations", "grounded", "flagged", "refused", "route", "timings", "error"),
    *("choice", "next"),
)


@given(answer=answers(), broken=some.dictionaries(some.sampled_from(PARTS), JSON), cut=some.data())
def test_whatever_the_details_have_become_the_turn_can_be_shown_and_exported(
    answer: Answer, broken: dict[str, object], cut: some.DataObject
) -> None:
    row = row_of(Turn("Who?", answer))
    text = json.dumps(json.loads(row.details) | broken)
    if cut.draw(some.booleans()):
        text = text[: cut.draw(some.integers(0, len(text)))]
    found = entry_of(replace(row, details=text))
    assert isinstance(found, Turn)
    read = found.answer
    assert (found.question, read.text) == ("Who?", clean(answer.text))
    assert "".join(p.text for p in pieces(read.text, read.citations, read.flagged)) == read.text
    assert set(cited_passages(read.citations, read.sources)) <= set(range(len(read.sources)))
    assert 0 <= read.grounded <= 1
    for passage in read.sources:
        name_of(passage, ENGLISH)
        open_passage(passage)
    for _, _, write in FORMATS.values():
        assert write(Conversation([found], title="t"), ENGLISH)


@given(choice=some.builds(Choice, NAMES, NAMES), broken=JSON)
def test_a_conversations_choice_comes_back_and_nonsense_is_none(
    choice: Choice, broken: object
) -> None:
    assert choice_in(choice_text(choice)) == choice
    assert choice_text(ALL) == ""
    assert isinstance(choice_in(json.dumps({"sources": broken})), Choice)
    assert choice_in("no JSON") == ALL


def test_a_state_nobody_knows_is_taken_for_stopped() -> None:
    row = replace(row_of(Turn("Who?", Answer("done", "Cats."))), state="dreaming", thumb=7)
    found = entry_of(row)
    assert isinstance(found, Turn)
    assert (found.answer.state, found.thumb) == ("stopped", None)
