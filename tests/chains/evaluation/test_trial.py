"""Questions put to the chain, with the bundled model over the small library."""

import pytest

from chains import rag_chain
from chains.evaluation.gold import Gold
from chains.evaluation.trial import evaluate
from ingest import Library
from models.chat_model import KvasirChat
from models.errors import ModelError

QUESTIONS = [
    Gold(question="What is a group of cats called?", answers=("clowder",), source="cats.txt"),
    Gold(question="红茶起源于哪里？", answers=("武夷山", "福建"), quote="红茶是全发酵茶"),
    Gold(question="Who designed it?", answers=("Sostratus",), source="no-such.txt"),
]


def test_each_question_comes_out_with_what_was_found_and_said(
    library: Library, chat: KvasirChat
) -> None:
    cats, tea, nowhere = evaluate(rag_chain(library, llm=chat), QUESTIONS)
    assert [each.gold for each in (cats, tea, nowhere)] == QUESTIONS
    for each in (cats, tea):
        assert (each.rank, each.in_answer, each.in_marked) == (1, True, True)
        assert each.cited == each.cited_right > 0
        assert each.grounded == 1
        assert each.first_token_s is not None
        assert 0 < each.first_token_s <= (each.total_s or 0)
    assert (nowhere.rank, nowhere.cited_right) == (0, 0)


def test_passages_beyond_those_that_were_read_count_too(
    library: Library, chat: KvasirChat, settings: object
) -> None:
    assert callable(settings)
    settings(RETRIEVE=1)
    gold = Gold(question="What is a group of cats called?", quote="The Pharos of Alexandria")
    (found,) = evaluate(rag_chain(library, llm=chat), [gold])
    assert len(found.sources) == 1
    assert found.rank
    assert found.rank > 1


def test_a_question_that_fails_is_an_outcome_and_the_next_one_is_asked(
    library: Library, chat: KvasirChat, settings: object
) -> None:
    assert callable(settings)
    settings(CONTEXT=512)
    long = Gold(question="cats " * 1500)
    failed, told = evaluate(rag_chain(library, llm=chat), [long, QUESTIONS[0]])
    assert failed.error
    assert "\n" not in failed.error
    assert not told.error
    assert told.in_answer


def test_without_a_model_nothing_is_asked(library: Library) -> None:
    with pytest.raises(ModelError, match=r"/no/such\.gguf"):
        next(evaluate(rag_chain(library, llm=KvasirChat(model="/no/such.gguf")), QUESTIONS))
