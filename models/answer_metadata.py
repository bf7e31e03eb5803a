"""What an answer's chunks tell of it beside the text: each piece its passages' part, the last
one usage, timings, and what was done with the prompt.
"""

from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata

from models.engine.stream import Finish, Text
from models.fit import Fitted


def text_chunk(piece: Text) -> AIMessageChunk:
    """A piece of the answer; chunks that are added up keep each piece's `posteriors`."""
    metadata: dict[str, Any] = {}
    if piece.posterior:
        metadata["posteriors"] = [[len(piece.text), *piece.posterior]]
    return AIMessageChunk(content=piece.text, response_metadata=metadata)


def last_chunk(finish: Finish, model: str, fitted: Fitted) -> AIMessageChunk:
    """An empty chunk that ends the answer; see KvasirChat for its `response_metadata`."""
    spent = finish.total_s - finish.first_token_s
    speed = (finish.completion_tokens - 1) / spent if spent > 0 else 0.0
    metadata = {
        "model_name": model,
        "model_provider": "kvasir",
        "finish_reason": finish.reason,
        "first_token_s": finish.first_token_s,
        "restore_s": finish.restore_s,
        "tokens_per_s": speed,
        "dropped_turns": fitted.dropped_turns,
        "dropped_passages": fitted.dropped_passages,
        "drafted_tokens": finish.drafted,
        "accepted_tokens": finish.accepted,
    }
    if finish.weights:
        metadata["weights"] = list(finish.weights)
        metadata["log_likelihoods"] = list(finish.log_likelihoods)
    if finish.log_probability is not None:
        metadata["log_probability"] = finish.log_probability
    return AIMessageChunk(
        content="",
        usage_metadata=UsageMetadata(
            input_tokens=finish.prompt_tokens,
            output_tokens=finish.completion_tokens,
            total_tokens=finish.prompt_tokens + finish.completion_tokens,
            input_token_details=InputTokenDetails(cache_read=finish.reused_tokens),
        ),
        response_metadata=metadata,
        chunk_position="last",
    )
