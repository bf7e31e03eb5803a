"""The passages found, weighed again by a model that reads them: Kvasir's own or a cross-encoder.

It does not know how the passages were found.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage

from chains.language import language_of
from chains.model_size import is_small
from chains.prompts import BREAK, passage_messages
from models.chat_model import KvasirChat
from models.engine.engine import PromptTooLong
from models.engine.stream import Prefill, Waiting
from models.errors import ModelError

# Measured on XQuAD's development half among 10,500 chunks (benchmarks/retrieval.py).
LIKELIHOOD = 0.3  # what a nat per token of the question weighs beside the score: .1 to 1 gain less
READ = 2  # passages that are read: with 2, 3 or 4 of them the same 7 of 12 errors were left
UNSURE = 0.3  # a lead over the next document that is less: .15 of the questions, .85 of the errors
BUDGET = 700  # tokens, about a second: "auto" computes no more for a question, and waits for nobody

Model = Callable[[], BaseChatModel]


class _TooDear(Exception):
    """Reading the passages now would keep the person waiting."""


def rerank(
    question: str, found: Sequence[Document], way: str, model: Model | None, blobs: Path
) -> list[Document]:
    """The passages in a better order, as `way` says; scores change with it.

    "off" leaves them as they are. "likelihood" weighs the first READ by log P(question | passage)
    (Ponte and Croft, SIGIR 1998), whose KV is kept in the folder `blobs`; so does "auto", but only
    where the ranking is unsure, the model reads the language, and it is soon done. Any other is
    the name or path of a sentence-transformers cross-encoder, which orders them all. Raises
    ModelError for a model that cannot do it; "auto" leaves the passages as they are then.
    """
    if way == "off" or len(found) < 2:
        return list(found)
    if way not in ("auto", "likelihood"):
        from chains.cross_encoder import cross_scores

        return _ordered(found, cross_scores(way, question, found))
    llm = model() if model else None
    if way == "auto":
        if not isinstance(llm, KvasirChat) or not _worthwhile(question, found, llm):
            return list(found)
        return _by_likelihood(question, found, llm, blobs, BUDGET)
    if not isinstance(llm, KvasirChat):
        raise ModelError(
            "only a model on this machine tells how likely a question is. Set KVASIR_MODEL to "
            "one, or KVASIR_RERANK to off or to a cross-encoder's name"
        )
    return _by_likelihood(question, found, llm, blobs, None)


def lead(found: Sequence[Document]) -> float:
    """How far the first passage is before the best one of another document, 0 to 1."""
    first = found[0].metadata
    others = [p.metadata for p in found[1:] if p.metadata["source"] != first["source"]]
    best = max((float(other["strength"]) for other in others), default=0.0)
    return float(first["strength"]) - best


def _worthwhile(question: str, found: Sequence[Document], llm: KvasirChat) -> bool:
    if lead(found) >= UNSURE:
        return False
    return language_of(question) == "en" or not is_small(llm)


def _by_likelihood(
    question: str, found: Sequence[Document], llm: KvasirChat, blobs: Path, budget: int | None
) -> list[Document]:
    """The passages, the first READ of them by score and likelihood."""
    read = found[:READ]

    def watch(event: Waiting | Prefill) -> None:
        # A lone Waiting is told while others are answered; Prefill, how much is left to compute.
        if budget is not None and (
            isinstance(event, Waiting) or event.total - event.reused > budget
        ):
            raise _TooDear

    messages = passage_messages(read, small=is_small(llm))
    blocks = messages.pop().content
    messages.append(HumanMessage([*blocks, {"type": "text", "text": BREAK + question}]))
    try:
        likelihood = llm.model_copy(update={"blobs": blobs}).likelihood(messages, watch)
    except _TooDear:
        return list(found)
    except PromptTooLong:
        if budget is None:
            raise
        return list(found)
    means = [total / max(likelihood.tokens, 1) for total in likelihood.totals]
    scores = [
        passage.metadata["score"] + LIKELIHOOD * (mean - max(means))
        for passage, mean in zip(read, means, strict=True)
    ]
    return [*_ordered(read, scores), *found[READ:]]


def _ordered(passages: Sequence[Document], scores: Sequence[float]) -> list[Document]:
    """The passages by these scores, best first.

    They share their old scores out anew: those of models mean nothing beside those of others, and
    some are below zero.
    """
    finite = [score if math.isfinite(score) else -math.inf for score in scores]
    order = sorted(range(len(passages)), key=lambda place: -finite[place])
    shares = sorted((float(p.metadata.get("score", 0.0)) for p in passages), reverse=True)
    return [
        Document(
            passages[place].page_content,
            id=passages[place].id,
            metadata={**passages[place].metadata, "score": share},
        )
        for place, share in zip(order, shares, strict=True)
    ]
