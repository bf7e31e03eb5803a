"""Answers in the documents' own words, for models too small to write their own.

Such a model finds better than it writes: for each sentence that bears on the question it says how
likely the question is after it, log P(question | sentence), the query likelihood of Ponte and
Croft (SIGIR 1998). The sentence that this and the evidence favour is the answer, word for word.
"""

import re
import time
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage

from chains.asked import Asked
from chains.evidence import Sentence
from chains.model_size import is_small
from models.chat_model import KvasirChat
from models.engine.engine import PromptTooLong
from models.settings import get_settings

# Chosen on XQuAD's development halves; benchmarks/answers.py measures what comes of them.
LIKELIHOOD = 0.02  # what a nat per token of the question weighs beside the evidence's score
CLOSE = 0.05  # a second sentence this close to the best one is quoted, too
_PIECE = re.compile(r"\S+\s*|\s+")


def quotes(llm: BaseChatModel) -> bool:
    """Whether this model's answers are quoted, by setting and by its size."""
    if not isinstance(llm, KvasirChat):
        return False
    setting = get_settings().answers
    return setting == "quoted" or (setting == "auto" and is_small(llm))


def quote(asked: Asked, llm: KvasirChat) -> Iterator[str]:
    """The one or two sentences that answer best, best first, in pieces.

    Nothing without marked sentences. Closing the iterator stops the model. Raises ModelError if
    the question does not fit into the context together with a sentence.
    """
    started = time.perf_counter()
    asked.spent.quoted = True
    scored = [
        (score + LIKELIHOOD * mean, sentence)
        for (sentence, score), mean in zip(asked.marked, likelihoods(asked, llm), strict=True)
    ]
    scored.sort(key=lambda pair: -pair[0])
    quoted: dict[str, int] = {}  # the same sentence may stand in two passages
    for score, sentence in scored[:2]:
        if score >= scored[0][0] - CLOSE:
            quoted.setdefault(unbroken(sentence.text), sentence.passage)
    answer = ""
    for text, passage in quoted.items():
        part = f"\n\n{text}" if answer else text
        answer += part
        asked.shares.add(len(part), [*[0.0] * passage, 1.0])
        yield from _PIECE.findall(part)
    asked.spent.completion_tokens = len(llm.get_token_ids(answer))
    asked.spent.tokens_per_s = asked.spent.completion_tokens / (time.perf_counter() - started)


def likelihoods(asked: Asked, llm: KvasirChat) -> list[float]:
    """log P(question | sentence) for each marked sentence, in nats per token of the question."""
    # Sentences are many and short: their KV would push the passages' out of the folder.
    llm = llm.model_copy(update={"kv_reuse": "off"})

    def score(sentences: Sequence[Sentence]) -> list[float]:
        if not sentences:
            return []
        mark = {"type": "text", "cache_control": {"type": "ephemeral"}}
        blocks: list[str | dict[str, Any]] = [{**mark, "text": each.text} for each in sentences]
        messages = [SystemMessage(blocks), HumanMessage(asked.question.text)]
        try:
            found = llm.likelihood(messages, asked.on_progress)
        except PromptTooLong:
            if len(sentences) == 1:
                raise
            middle = len(sentences) // 2  # a long question fits behind fewer at once
            return score(sentences[:middle]) + score(sentences[middle:])
        asked.spent.prompt_tokens += found.prompt_tokens
        asked.spent.reused_tokens += found.reused_tokens
        return [total / found.tokens for total in found.totals]

    return score([sentence for sentence, _ in asked.marked])


def unbroken(text: str) -> str:
    """A sentence on one line: a line break between Han characters was no space."""
    return re.sub(r"\s*\n\s*", " ", re.sub(r"(?<=[⺀-鿿。，])\s*\n\s*(?=[⺀-鿿])", "", text))
