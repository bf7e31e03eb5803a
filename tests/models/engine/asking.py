"""Questions to an engine, and prompts whose answers no rounding changes."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from models.engine.blobs import BlobStore
from models.engine.engine import Engine
from models.engine.model import Model
from models.engine.prompt import Prompt, Reading
from models.engine.sampling import Sampling
from models.engine.stream import Event, Finish, Likelihood, Stream, Text, Warmed

SHORT = Sampling(max_tokens=8)
# At each of ten greedy steps the best token leads by 1.5 or more in the logits, the differences
# that the shape of a batch makes are below 0.7.
CLEAR = [
    "1, 2, 3, 4, 5,",
    "100, 101, 102, 103,",
    "5, 10, 15, 20, 25,",
    "a, b, c, d, e, f, g,",
    "10, 9, 8, 7,",
    "20, 21, 22, 23,",
    "10, 20, 30, 40,",
    "2001, 2002, 2003,",
]


def text(events: Iterable[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def answer(
    engine: Engine,
    prompt: str | Prompt | Sequence[int],
    sampling: Sampling = SHORT,
    reading: Reading | None = None,
    *,
    store: BlobStore | None = None,
    adapter: Path | None = None,
    forced: Sequence[int] = (),
) -> tuple[str, Finish]:
    """The whole text, and the account of it."""
    stream = begin(engine, prompt, sampling, reading, store=store, adapter=adapter, forced=forced)
    events = list(stream)
    finish = events[-1]
    assert isinstance(finish, Finish)
    return text(events), finish


def begin(
    engine: Engine,
    prompt: str | Prompt | Sequence[int],
    sampling: Sampling = SHORT,
    reading: Reading | None = None,
    *,
    store: BlobStore | None = None,
    adapter: Path | None = None,
    forced: Sequence[int] = (),
) -> Stream:
    """`Engine.generate` for a text, too."""
    tokens = engine.model.tokenize(prompt) if isinstance(prompt, str) else prompt
    return engine.generate(tokens, sampling, reading, store=store, adapter=adapter, forced=forced)


def likelihood(
    engine: Engine, prompt: Prompt, *, adapter: Path | None = None, store: BlobStore | None = None
) -> Likelihood:
    *_, last = engine.likelihood(prompt, adapter=adapter, store=store)
    assert isinstance(last, Likelihood)
    return last


def warm(engine: Engine, prompt: Prompt, store: BlobStore) -> Warmed:
    *_, last = engine.warm(prompt, store=store)
    assert isinstance(last, Warmed)
    return last


def asked(model: Model, before: str, passages: Sequence[str], question: str, after: str) -> Prompt:
    """A prompt of texts, the question's tokens being those that weigh the passages."""
    words, rest = model.tokenize(question), model.tokenize(after, special=True)
    return Prompt(
        tuple(model.tokenize(before, special=True)),
        tuple(tuple(model.tokenize(passage)) for passage in passages),
        (*words, *rest),
        (0, len(words)),
    )
