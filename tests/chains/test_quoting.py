"""Answers in the documents' own words."""

from langchain_core.language_models import FakeListChatModel

from chains.asked import Asked
from chains.evidence import Sentence
from chains.question import Question
from chains.quoting import quote, quotes
from models.chat_model import KvasirChat


def ask(question: str, *sentences: str, scores: tuple[float, ...] = (0.9, 0.9)) -> Asked:
    pairs = zip(sentences, scores, strict=False)
    marked = [(Sentence(0, 0, len(text), text), score) for text, score in pairs]
    return Asked(Question(question), "en", [], marked, {}, lambda event: None)


def test_the_likelier_sentence_wins_between_equals(chat: KvasirChat) -> None:
    asked = ask(
        "Who designed the Pharos of Alexandria?",
        "Bananas are yellow and grow in bunches.",
        "The Pharos of Alexandria was designed by Sostratus of Cnidus.",
    )
    answer = "".join(quote(asked, chat))
    assert answer.startswith("The Pharos of Alexandria was designed by Sostratus")
    assert asked.spent.prompt_tokens > asked.spent.reused_tokens >= 0
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
