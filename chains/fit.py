"""Makes a prompt fit into the model's context: the oldest turns go first, then the last passages.

The question itself is never cut: one that does not fit alone is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from chains.errors import QuestionError
from chains.language import Language
from chains.prompts import answer_messages
from chains.question import Question
from models.chat_model import KvasirChat

TURNS = 4  # turns of the conversation that are put to the model, at most


@dataclass(frozen=True)
class Fitted:
    """The messages for the model, and how much was left out to make them fit."""

    messages: list[BaseMessage]
    dropped_turns: int
    dropped_passages: int


def fit(
    question: Question, passages: Sequence[Document], language: Language, llm: BaseChatModel
) -> Fitted:
    """The messages that ask the question, fitted to a local model's context.

    Other models get all passages: their context is not known here. Raises QuestionError if the
    question does not fit even without passages and turns.
    """
    history, kept = list(question.history[-TURNS:]), list(passages)
    while True:
        messages = answer_messages(question.text, kept, history, language)
        if not isinstance(llm, KvasirChat) or _fits(messages, llm):
            break
        if history:
            history.pop(0)
        elif kept:
            kept.pop()
        else:
            raise QuestionError(
                f"the question alone does not fit into the model's {llm.context_size} tokens"
            )
    return Fitted(messages, len(question.history) - len(history), len(passages) - len(kept))


def _fits(messages: list[BaseMessage], llm: KvasirChat) -> bool:
    return llm.prompt_length(messages) + llm.max_tokens <= llm.context_size
