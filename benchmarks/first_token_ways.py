"""The ways to come by the first token of an answer over passages, each timed from outside.

It knows neither which cases are worth timing nor how the figures are shown.
"""

import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine_setup import (
    Article,
    answer_prompt,
    forget,
    note,
    read_answer,
    shortened,
)
from langchain_core.documents import Document
from langchain_core.messages import BaseMessage

from chains.language import Language
from chains.prompts import answer_messages
from models.engine.blobs import BlobStore
from models.engine.engine import Engine
from models.engine.prompt import Prompt, Reading
from models.engine.sampling import Sampling

PER_ARTICLE = 4  # passages taken of one article
BUDGET = 8 * 2**30  # bytes of blobs: more than a repetition makes
CONTEXT = 8192


@dataclass(frozen=True)
class Way:
    """How the first token is come by; `reading` None is ChatLlamaCpp.

    The passages' KV is computed ("nowhere"), or is in "memory", on "disk", or still in the KV
    "cache" after another question about the same passages.
    """

    name: str
    reading: Reading | None
    kept: Literal["nowhere", "memory", "disk", "cache"]
    n_batch: int = 0


OFF, SPLICED = Reading("joint", "off"), Reading("joint", "spliced")
FULL = Way("joint, all computed", OFF, "nowhere")
SPLICE = Way("joint, spliced", SPLICED, "memory")
FUSED = Way("fused", Reading("fused"), "memory")
CHAT = Way("ChatLlamaCpp", None, "nowhere", 8)  # 8 is its default
WAYS = [
    FULL,
    SPLICE,
    FUSED,
    Way("joint, spliced, from disk", SPLICED, "disk"),
    Way("fused, from disk", Reading("fused"), "disk"),
    Way("fused, asked again", Reading("fused"), "cache"),
    CHAT,
    Way("ChatLlamaCpp, asked again", None, "cache", 8),
    Way("ChatLlamaCpp, n_batch=512", None, "nowhere", 512),
]


@dataclass(frozen=True)
class Case:
    """So many passages, of about so many tokens (0: as they are), in such a context."""

    passages: int
    length: int
    context: int


@dataclass(frozen=True)
class Asked:
    """What one repetition asks; `before` is the question that filled the cache."""

    question: str
    before: str
    passages: tuple[Document, ...]


@dataclass(frozen=True)
class Timing:
    """Seconds to the first text, and of them: making the prompt, the engine's own, restoring."""

    seconds: float
    build_s: float = 0.0
    engine_s: float = 0.0
    restore_s: float = 0.0
    prompt_tokens: int = 0
    reused_tokens: int = 0


class Bench:
    """An engine with a folder for its blobs, and ChatLlamaCpp on the file that `source` names."""

    def __init__(self, engine: Engine, source: Path, folder: Path, language: Language) -> None:
        self.engine = engine
        self._source = source
        self._folder = folder
        self._language = language
        self._chats: dict[int, Any] = {}
        self._secret = os.urandom(32)
        self._count = 0

    def run(
        self, case: Case, ways: Sequence[Way], articles: Sequence[Article], repetitions: int
    ) -> dict[str, list[Timing]]:
        """Each way's timings, one for each repetition."""
        timings: dict[str, list[Timing]] = {way.name: [] for way in ways}
        for number in range(repetitions):
            asked = material(self.engine, articles, case, number)
            store = self._warmed(asked)
            turn = number % len(ways)
            for way in [*ways[turn:], *ways[:turn]]:
                timings[way.name].append(self._time(way, asked, store))
            store.clear()
            note(f"{case}: repetition {number + 1} of {repetitions}")
        return timings

    def _warmed(self, asked: Asked) -> BlobStore:
        self._count += 1
        store = self._store()
        prompt = self._prompt(asked.question, asked)
        forget(self.engine)  # of what is in the cache no blob would be made: the prompt's start
        for _ in self.engine.warm(prompt, store=store):
            pass
        store.flush()
        return store

    def _store(self) -> BlobStore:
        """What a process would open that begins now: the folder's blobs, none in memory."""
        return BlobStore(self._folder / str(self._count), BUDGET, BUDGET, self._secret)

    def _prompt(self, question: str, asked: Asked) -> Prompt:
        return answer_prompt(self.engine.model, question, asked.passages, self._language)

    def _time(self, way: Way, asked: Asked, store: BlobStore) -> Timing:
        if not way.reading:
            return self._time_chat(way, asked)
        if way.kept == "disk":
            store = self._store()
        forget(self.engine)
        if way.kept == "cache":
            self._answer(way.reading, asked.before, asked, store)
        return self._answer(way.reading, asked.question, asked, store)

    def _answer(self, reading: Reading, question: str, asked: Asked, store: BlobStore) -> Timing:
        began = time.perf_counter()
        prompt = self._prompt(question, asked)
        built = time.perf_counter()
        stream = self.engine.generate(prompt, Sampling(max_tokens=1), reading, store=store)
        answer = read_answer(stream, began)
        last = answer.finish
        return Timing(
            answer.first_s,
            built - began,
            last.first_token_s,
            last.restore_s,
            last.prompt_tokens,
            last.reused_tokens,
        )

    def _time_chat(self, way: Way, asked: Asked) -> Timing:
        chat = self._chats.get(way.n_batch) or self._load_chat(way.n_batch)
        chat.client.reset()
        if way.kept == "cache":
            chat.invoke(self._plain(asked.before, asked))
        began = time.perf_counter()
        chat.invoke(self._plain(asked.question, asked))
        return Timing(time.perf_counter() - began)

    def _load_chat(self, n_batch: int) -> Any:
        """ChatLlamaCpp as it comes, but for a context that holds the prompt and greedy choice."""
        from langchain_community.chat_models import ChatLlamaCpp

        chat = ChatLlamaCpp(
            model_path=str(self._source),
            n_ctx=CONTEXT,
            n_batch=n_batch,
            temperature=0.0,
            max_tokens=1,
            verbose=False,
        )
        chat.invoke("Hello")  # brings the weights into memory
        self._chats[n_batch] = chat
        return chat

    def _plain(self, question: str, asked: Asked) -> list[BaseMessage]:
        """The same text, without marks that ChatLlamaCpp does not know."""
        return answer_messages(question, asked.passages, [], self._language, marked=False)


def material(engine: Engine, articles: Sequence[Article], case: Case, number: int) -> Asked:
    """Passages of the article of that number, going on with the next ones for more than 4."""
    around = [articles[(number + step) % len(articles)] for step in range(len(articles))]
    first, before = random.Random(number).sample(
        [q.text for q in around[0].questions if q.paragraph < PER_ARTICLE], 2
    )
    passages = [passage for article in around for passage in article.passages[:PER_ARTICLE]]
    if case.length:
        passages = _cut(engine, passages, case)
    return Asked(first, before, tuple(passages[: case.passages]))


def _cut(engine: Engine, passages: Sequence[Document], case: Case) -> list[Document]:
    text = "\n".join(passage.page_content for passage in passages)
    size = len(shortened(engine.model, text, case.length))
    starts = range(0, case.passages * size, size)
    return [Document(text[at : at + size], metadata=passages[0].metadata) for at in starts]
