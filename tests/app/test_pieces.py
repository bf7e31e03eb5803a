"""Answers cut into cited and uncited sentences."""

from hypothesis import given
from hypothesis import strategies as some
from langchain_core.documents import Document
from langchain_core.messages.content import Citation, create_citation

from app.pieces import cited_passages, number_of, pieces

ANSWER = "Cats sleep a lot. Dogs bark loudly. Cats purr."


def citation(start: int, end: int, passage: int = 0) -> Citation:
    return create_citation(start_index=start, end_index=end, passage=passage)


@given(
    some.text(alphabet="ab. 。\n中", max_size=60),
    some.lists(some.tuples(some.integers(0, 60), some.integers(0, 60)), max_size=4),
)
def test_the_pieces_joined_are_the_answer(answer: str, spans: list[tuple[int, int]]) -> None:
    citations = [citation(a, b) for a, b in spans]
    assert "".join(piece.text for piece in pieces(answer, citations)) == answer


def test_cited_sentences_carry_their_citations_and_the_rest_is_unsupported() -> None:
    found = [p for p in pieces(ANSWER, [citation(0, 17), citation(36, 46, 2)]) if p.text.strip()]
    assert [(p.text, p.citations, p.unsupported) for p in found] == [
        ("Cats sleep a lot.", (0,), False),
        ("Dogs bark loudly.", (), True),
        ("Cats purr.", (1,), False),
    ]


def test_two_citations_of_one_sentence_both_stand_after_it() -> None:
    first = pieces(ANSWER, [citation(0, 17), citation(0, 17, 1)])[0]
    assert first.citations == (0, 1)


def test_a_citation_is_numbered_by_its_passage() -> None:
    sources = [Document("a"), Document("b"), Document("c")]
    citations = [citation(0, 1, 2), citation(2, 3, 0), citation(4, 5, 2)]
    assert [number_of(one) for one in citations] == [3, 1, 3]
    assert cited_passages(citations, sources) == [2, 0]


def test_an_empty_answer_has_no_pieces() -> None:
    assert pieces("", []) == []
