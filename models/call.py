"""What one call of the chat model asks for: its values checked, its room in the context."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import isfinite
from typing import Any

from pydantic import TypeAdapter, ValidationError

from models.engine.context import SEQUENCES
from models.engine.model import Model
from models.engine.prompt import Prompt, Reading
from models.errors import ModelError

MOST_STREAMS = SEQUENCES - 8  # besides the prefix's and those that blobs are restored through
RECOGNIZED = 3  # tokens of a refusal: a Chinese character takes up to three
_READING = TypeAdapter(Reading)


@contextmanager
def refusals() -> Iterator[None]:
    """A call's values that cannot be used are the caller's affair: one line instead of many."""
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        raise ModelError(
            f"{first['loc'][0]} = {first['input']!r:.80} cannot be used: {first['msg']}"
        ) from error


def reading_of(values: Mapping[str, Any]) -> Reading:
    """How passages are read. Raises ModelError naming the value that cannot be used."""
    with refusals():
        reading = _READING.validate_python(values)
    if not all(map(isfinite, reading.priors)):
        raise ModelError(f"priors = {reading.priors} cannot be used: they must be finite")
    return reading


def refusal_of(model: Model, words: str) -> tuple[int, ...]:
    """The first tokens of these words, as many as tell them from any other answer."""
    return tuple(model.tokenize(words)[:RECOGNIZED])


def has_room(prompt: Prompt, reading: Reading, answer: int, context: int) -> bool:
    """Whether a prompt fits into a context of so many tokens together with its answer's."""
    fused = reading.passages == "fused" and len(prompt.passages) > 1
    bare = 1 if fused and reading.contrast > 0 else 0  # reads the question without a passage
    streams = len(prompt.passages) + bare if fused else 1
    cells = prompt.fused_cells + bare * len(prompt.suffix) if fused else len(prompt.tokens)
    # The prompt may always take half of the context, however long the answer might become.
    tokens = cells + min(streams * answer, context // 2)
    return tokens <= context and streams <= MOST_STREAMS
