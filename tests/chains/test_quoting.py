"""Answers in the documents' own words."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import HumanMessage, SystemMessage

from chains.asked import Asked
from chains.evidence import Sentence
from chains.question import Question
from chains.quoting import likelihoods, quote, quotes
from models.chat_model import KvasirChat
from models.errors import ModelError


def ask(
    question: str, *sentences: str, scores: Sequence[float] = (0.9, 0.9, 0.9), blobs: Path = Path()
) -> Asked:
    """A question whose sentences stand in a passage each."""
    marked = [
        (Sentence(place, 0, len(text), text), scores[place]) for place, text in enumerate(sentences)
    ]
    return Asked(Question(question), "en", [], marked, blobs, {}, lambda event: None)


PHAROS = (
    "Bananas are yellow and grow in bunches.",
    "The Pharos of Alexandria was designed by Sostratus of Cnidus.",
    "红茶是全发酵茶，起源于福建武夷山。",
)


def test_sentences_scored_together_score_as_each_does_alone(chat: KvasirChat) -> None:
    question = "Who designed the Pharos of Alexandria?"
    together = likelihoods(ask(question, *PHAROS), chat)
    alone = []
    for sentence in PHAROS:
        found = chat.likelihood([SystemMessage(sentence), HumanMessage(question)])
        alone.append(found.total / found.tokens)
    # llama.cpp's quantized kernels round by the shape of a batch.
    assert together == pytest.approx(alone, abs=0.2)
    assert together.index(max(together)) == 1


def test_the_sentences_leave_nothing_in_the_folder_for_kv(chat: KvasirChat, tmp_path: Path) -> None:
    asked = ask("Who designed the Pharos?", *PHAROS, blobs=tmp_path / "kv")
    for _ in range(2):
        assert "".join(quote(asked, chat.model_copy(update={"blobs": tmp_path / "kv"})))
    assert not (tmp_path / "kv").exists()


def test_a_question_too_long_for_all_sentences_at_once_is_scored_with_fewer(
    chat: KvasirChat, settings: Callable[..., Any]
) -> None:
    settings(CONTEXT=512)
    asked = ask("Who designed the Pharos of Alexandria? " * 30, *PHAROS)
    assert "".join(quote(asked, chat)).startswith(PHAROS[1])
    with pytest.raises(ModelError, match="the context holds 512"):
        list(quote(ask("Who designed the Pharos of Alexandria? " * 80, *PHAROS), chat))


def test_a_quoted_answer_knows_the_passage_of_each_character(chat: KvasirChat) -> None:
    asked = ask("Are cats clean?", "Dogs bark.", "Cats are clean.", scores=(0.5, 0.9))
    answer = "".join(quote(asked, chat))
    assert asked.shares.between(0, len(answer), 2) == [0.0, 1.0]
    assert sum(length for length, _ in asked.shares.pieces) == len(answer)


def test_the_likelier_sentence_wins_between_equals(chat: KvasirChat) -> None:
    asked = ask(
        "Who designed the Pharos of Alexandria?",
        "Bananas are yellow and grow in bunches.",
        "The Pharos of Alexandria was designed by Sostratus of Cnidus.",
    )
    answer = "".join(quote(asked, chat))
    assert answer.startswith("The Pharos of Alexandria was designed by Sostratus")
    assert asked.spent.prompt_tokens > 2 * len(chat.get_token_ids(asked.question.text))
    assert asked.spent.completion_tokens == len(chat.get_token_ids(answer))


def test_a_sentence_that_is_far_behind_is_not_quoted(chat: KvasirChat) -> None:
    asked = ask("Are cats clean?", "Cats are clean.", "Dogs bark.", scores=(0.9, 0.7))
    assert "".join(quote(asked, chat)) == "Cats are clean."


def test_the_pieces_are_the_sentences_to_the_letter(chat: KvasirChat) -> None:
    text = "Spaces  stay, as do\ttabs and 中文。"
    assert "".join(quote(ask("Do spaces stay?", text), chat)) == text


def test_a_sentence_broken_by_a_pages_width_is_quoted_on_one_line(chat: KvasirChat) -> None:
    assert "".join(quote(ask("Why?", "It is\nso."), chat)) == "It is so."
    assert "".join(quote(ask("为什么？", "因为\n如此。"), chat)) == "因为如此。"


def test_without_marked_sentences_nothing_is_quoted(chat: KvasirChat) -> None:
    assert list(quote(ask("Anything?"), chat)) == []


def test_small_local_models_quote_and_others_write(chat: KvasirChat, settings) -> None:
    assert quotes(chat)
    assert not quotes(FakeListChatModel(responses=["x"]))
    settings(ANSWERS="written")
    assert not quotes(chat)
    settings(ANSWERS="quoted")
    assert quotes(chat)
    assert not quotes(FakeListChatModel(responses=["x"]))
