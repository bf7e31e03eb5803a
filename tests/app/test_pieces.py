"""Answers cut into cited and uncited sentences."""

from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as some
from langchain_core.documents import Document
from langchain_core.messages.content import Citation, create_citation

from app.cited_answer import reason_of
from app.pieces import cited_passages, number_of, pieces
from app.texts_en import ENGLISH
from app.texts_zh import CHINESE
from chains.grounding import Flag

ANSWER = "Cats sleep a lot. Dogs bark loudly. Cats purr."


def citation(start: int, end: int, passage: int = 0) -> Citation:
    return create_citation(start_index=start, end_index=end, passage=passage)


def flag(start: int, end: int, **fields: object) -> dict[str, object]:
    return asdict(Flag(start, end, "no passage says this")) | fields


SPANS = some.lists(some.tuples(some.integers(0, 60), some.integers(0, 60)), max_size=4)


@given(
    some.text(alphabet="ab. 。\n中", max_size=60),
    SPANS,
    SPANS,
)
def test_the_pieces_joined_are_the_answer(
    answer: str, cited: list[tuple[int, int]], flagged: list[tuple[int, int]]
) -> None:
    found = pieces(answer, [citation(*span) for span in cited], [flag(*span) for span in flagged])
    assert "".join(piece.text for piece in found) == answer
    assert not any(piece.citations and piece.flag for piece in found)


def test_cited_sentences_carry_their_citations_and_flagged_ones_their_flag() -> None:
    wrong = flag(18, 35)
    found = pieces(ANSWER, [citation(0, 17), citation(36, 46, 2)], [wrong])
    assert [(p.text, p.citations, p.flag) for p in found if p.text.strip()] == [
        ("Cats sleep a lot.", (0,), None),
        ("Dogs bark loudly.", (), wrong),
        ("Cats purr.", (1,), None),
    ]


def test_the_reason_is_said_in_the_words_of_the_interface() -> None:
    def reason(**fields: object) -> str:
        return reason_of(flag(0, 1, **fields), ENGLISH)

    assert reason() == ENGLISH.unsupported
    assert reason(kind="number", what="42", nowhere=True) == "“42” stands in no passage"
    assert reason(kind="name", what="Ada", instead="Bob") == "The passage has “Bob”, not “Ada”"
    assert reason(kind="number", what="{x}").startswith("“{x}” does not stand")
    assert reason_of(flag(0, 1, kind="contrary", what="赢"), CHINESE) == "关于“赢”，原文的说法不同"


def test_two_citations_of_one_sentence_both_stand_after_it() -> None:
    first = pieces(ANSWER, [citation(0, 17), citation(0, 17, 1)], [])[0]
    assert first.citations == (0, 1)


def test_a_citation_is_numbered_by_its_passage() -> None:
    sources = [Document("a"), Document("b"), Document("c")]
    citations = [citation(0, 1, 2), citation(2, 3, 0), citation(4, 5, 2)]
    assert [number_of(one) for one in citations] == [3, 1, 3]
    assert cited_passages(citations, sources) == [2, 0]


def test_an_empty_answer_has_no_pieces() -> None:
    assert pieces("", [], []) == []
