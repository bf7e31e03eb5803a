"""Answers in the model's own words, from the passages put before it."""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk

from chains.asked import Asked
from chains.history import recent
from chains.model_size import is_small
from chains.prompts import WORDINGS, answer_messages
from models.adapters import find_adapter, own_adapter
from models.chat_model import KvasirChat


def answering(llm: KvasirChat) -> KvasirChat:
    """The model as it answers from passages: with its own adapter, unless another or none is set.

    Raises ModelError where that adapter's file is missing.
    """
    own = None if llm.adapter else own_adapter(llm.model)
    return llm.model_copy(update={"adapter": str(own)}) if own else llm


def write(asked: Asked, llm: BaseChatModel) -> Iterator[str]:
    """The answer's text as the model writes it. Closing the iterator stops the model.

    It is told the last turns, within their budget; a local one leaves out what does not fit into
    its context. Raises ModelError if the question alone does not.
    """
    local = isinstance(llm, KvasirChat)
    options: dict[str, Any] = {}
    if isinstance(llm, KvasirChat):
        llm = answering(llm) if asked.passages else llm
        options = {"blobs": asked.blobs, "on_progress": asked.on_progress}
        if find_adapter(llm.adapter):  # taught by chains.lessons to say so
            options["refusal"] = WORDINGS[asked.language].nothing_found
    question = asked.question
    history, asked.spent.dropped_turns = recent(question.history, llm)
    messages = answer_messages(
        question.text,
        asked.passages,
        history,
        asked.language,
        marked=local,
        small=is_small(llm),
    )
    whole = AIMessageChunk(content="")
    first = time.perf_counter()
    with closing(llm.stream(messages, asked.config, **options)) as chunks:  # type: ignore[type-var]
        for chunk in chunks:
            if not whole.text:
                first = time.perf_counter()
            whole = whole + chunk
            if chunk.text:
                yield str(chunk.text)
    _fill(asked, whole, time.perf_counter() - first)


def _fill(asked: Asked, whole: AIMessageChunk, seconds: float) -> None:
    spent, usage, metadata = asked.spent, whole.usage_metadata, whole.response_metadata
    if usage:
        spent.prompt_tokens = usage["input_tokens"]
        spent.completion_tokens = usage["output_tokens"]
        spent.reused_tokens = usage.get("input_token_details", {}).get("cache_read", 0)
    measured = metadata.get("tokens_per_s")
    spent.tokens_per_s = measured or (spent.completion_tokens / seconds if seconds > 0 else 0.0)
    spent.dropped_turns += metadata.get("dropped_turns", 0)
    spent.dropped_passages = metadata.get("dropped_passages", 0)
    asked.shares.weights = metadata.get("weights", ())
    for length, *parts in metadata.get("posteriors", ()):
        asked.shares.add(length, parts)
