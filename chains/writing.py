"""Answers in the model's own words, from the passages put before it."""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk

from chains.asked import Asked, Spent
from chains.fit import fit
from models.chat_model import KvasirChat


def write(asked: Asked, llm: BaseChatModel) -> Iterator[str]:
    """The answer's text as the model writes it. Closing the iterator stops the model."""
    fitted = fit(asked.question, asked.passages, asked.language, llm)
    asked.spent.dropped_turns = fitted.dropped_turns
    asked.spent.dropped_passages = fitted.dropped_passages
    kwargs: dict[str, Any] = {}
    if isinstance(llm, KvasirChat):
        kwargs["on_progress"] = asked.on_progress
    whole = AIMessageChunk(content="")
    first = time.perf_counter()
    with closing(llm.stream(fitted.messages, asked.config, **kwargs)) as chunks:  # type: ignore[type-var]
        for chunk in chunks:
            if not whole.text:
                first = time.perf_counter()
            whole = whole + chunk
            if chunk.text:
                yield str(chunk.text)
    _fill(asked.spent, whole, time.perf_counter() - first)


def _fill(spent: Spent, whole: AIMessageChunk, seconds: float) -> None:
    usage = whole.usage_metadata
    if usage:
        spent.prompt_tokens = usage["input_tokens"]
        spent.completion_tokens = usage["output_tokens"]
        spent.reused_tokens = usage.get("input_token_details", {}).get("cache_read", 0)
    measured = whole.response_metadata.get("tokens_per_s")
    spent.tokens_per_s = measured or (spent.completion_tokens / seconds if seconds > 0 else 0.0)
