"""Drafts from a library, with the bundled model."""

from langchain_core.language_models import FakeListChatModel

from chains.evaluation.drafting import draft
from chains.evaluation.outcome import right
from ingest import Library
from models.chat_model import KvasirChat

WRITTEN = "Question: How long do cats sleep each day?\nAnswer: 13 hours"


def test_a_draft_leads_back_to_its_place_and_there_is_one_for_a_chunk(
    library: Library, chat: KvasirChat
) -> None:
    found = list(draft(library, chat, 10))
    assert 2 <= len(found) <= 3
    assert len({gold.question for gold in found}) == len(found)
    for gold in found:
        page = library.page(gold.source, int(gold.page or 0))
        assert gold.quote in page.text
        assert gold.answers[0] in gold.quote
        assert right(gold, library.search(gold.question, k=1)[0])


def test_the_same_seed_gives_the_same_questions(library: Library, chat: KvasirChat) -> None:
    first = list(draft(library, chat, 1, seed=5))
    assert first == list(draft(library, chat, 1, seed=5))
    assert len(first) == 1


def test_a_model_that_writes_is_asked_and_what_it_made_up_is_left_out(library: Library) -> None:
    llm = FakeListChatModel(responses=[WRITTEN])
    (found,) = draft(library, llm, 10)
    assert (found.question, found.answers) == ("How long do cats sleep each day?", ("13 hours",))
    assert found.source.endswith("cats.txt")
    assert found.quote == "Cats sleep for 13 hours a day."
    for nonsense in (
        "I can't.",
        "Question: Why?\nAnswer: because of gravity",
        "Question:\nAnswer:",
    ):
        assert list(draft(library, FakeListChatModel(responses=[nonsense]), 10)) == []
