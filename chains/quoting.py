"""Answers in the documents' own words, for models too small to write their own.

Such a model finds better than it writes: for each sentence that bears on the question it says how
likely the question is after it, log P(question | sentence), the query likelihood of Ponte and
Croft (SIGIR 1998). The sentence that this and the evidence favour is the answer, word for word.
"""

import re
import time
from collections.abc import Iterator

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage

from chains.asked import Asked
from models.chat_model import KvasirChat
from models.settings import get_settings

SMALL = 1_000_000_000  # parameters: below, "auto" quotes
# Chosen on XQuAD's development halves; benchmarks/answers.py measures what comes of them.
LIKELIHOOD = 0.02  # what a nat per token of the question weighs beside the evidence's score
CLOSE = 0.05  # a second sentence this close to the best one is quoted, too
_PIECE = re.compile(r"\S+\s*|\s+")


def quotes(llm: BaseChatModel) -> bool:
    """Whether this model's answers are quoted, by setting and by its size."""
    if not isinstance(llm, KvasirChat):
        return False
    setting = get_settings().answers
    return setting == "quoted" or (setting == "auto" and llm.parameters < SMALL)


def quote(asked: Asked, llm: KvasirChat) -> Iterator[str]:
    """The one or two sentences that answer best, best first, in pieces.

    Nothing without marked sentences. Closing the iterator stops the model.
    """
    started = time.perf_counter()
    asked.spent.quoted = True
    scored = []
    for sentence, score in asked.marked:
        messages = [SystemMessage(sentence.text), HumanMessage(asked.question.text)]
        likelihood = llm.likelihood(messages, asked.on_progress)
        mean = likelihood.total / likelihood.tokens
        scored.append((score + LIKELIHOOD * mean, sentence.text))
        asked.spent.prompt_tokens += likelihood.prompt_tokens
        asked.spent.reused_tokens += likelihood.reused_tokens
    scored.sort(key=lambda pair: -pair[0])
    chosen = [text for score, text in scored[:2] if score >= scored[0][0] - CLOSE]
    answer = "\n\n".join(dict.fromkeys(_unbroken(text) for text in chosen))
    yield from _PIECE.findall(answer)
    asked.spent.completion_tokens = len(llm.get_token_ids(answer))
    asked.spent.tokens_per_s = asked.spent.completion_tokens / (time.perf_counter() - started)


def _unbroken(text: str) -> str:
    """A sentence on one line: a line break between Han characters was no space."""
    return re.sub(r"\s*\n\s*", " ", re.sub(r"(?<=[⺀-鿿。，])\s*\n\s*(?=[⺀-鿿])", "", text))
