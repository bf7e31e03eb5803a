"""Retrieve, answer, cite: the chain that everything else in Kvasir is built around.

It does not know how a model or an index works, nor how an answer is shown.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict
from functools import reduce
from operator import add
from typing import Any

from langchain_core.callbacks import CallbackManagerForChainRun, dispatch_custom_event
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessageChunk
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import patch_config
from langchain_core.runnables.utils import AddableDict

from chains.evidence import Evidence, EvidenceReader
from chains.fit import Fitted, fit
from chains.followup import search_text
from chains.grounding import ground
from chains.language import Language, language_of
from chains.prompts import WORDINGS
from chains.question import Question, read_question
from chains.retriever import LibraryRetriever
from ingest import Library
from models.chat_model import KvasirChat, chat_model
from models.settings import get_settings

PROGRESS = "kvasir_progress"  # the custom event of a place in the queue and of the prefill

Input = str | Mapping[str, Any]


def rag_chain(
    library: Library,
    *,
    llm: BaseChatModel | None = None,
    retriever: BaseRetriever | None = None,
) -> "RagChain":
    """The chain over a library: the settings' model and hybrid retrieval, or any of LangChain's.

    Nothing is loaded before the first question.
    """
    return RagChain(library, llm, retriever)


class RagChain(Runnable[Input, AddableDict]):
    """Answers {"question": text, "history": [("human", text), ("ai", text)]}, or a text alone.

    `invoke` gives {"answer", "sources", "citations", "grounded", "timings"}. `stream` gives the
    same in parts that add up with `+`: `sources` first, then pieces of `answer`, then the rest.
    Closing the stream stops the model. Raises QuestionError, LibraryError or ModelError.

    A local model's place in the queue and its prefill are reported as custom events named
    `kvasir_progress` to the callbacks in `config`.
    """

    def __init__(
        self, library: Library, llm: BaseChatModel | None, retriever: BaseRetriever | None
    ) -> None:
        self.library = library
        self.retriever = retriever or LibraryRetriever(library=library, k=get_settings().passages)
        self._llm = llm
        self._evidence = EvidenceReader(library.embedder)

    @property
    def llm(self) -> BaseChatModel:
        """The chat model; the settings' own is made at first use."""
        if self._llm is None:
            self._llm = chat_model()
        return self._llm

    def invoke(
        self, input: Input, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AddableDict:
        """The whole result at once."""
        return AddableDict(reduce(add, self.stream(input, config, **kwargs)))

    def stream(
        self, input: Input, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Generator[AddableDict, None, None]:
        """The result in parts, the evidence before the first word of the answer."""
        yield from self._transform_stream_with_config(
            iter([input]), self._answer, config, run_type="chain", **kwargs
        )

    async def ainvoke(
        self, input: Input, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AddableDict:
        """`invoke` without blocking the event loop."""
        return await asyncio.to_thread(self.invoke, input, config, **kwargs)

    async def astream(
        self, input: Input, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[AddableDict]:
        """`stream` without blocking the event loop."""
        parts = self.stream(input, config, **kwargs)
        try:
            while part := await asyncio.to_thread(next, parts, None):
                yield part
        finally:
            await asyncio.to_thread(parts.close)

    # ---- the steps

    def _answer(
        self,
        inputs: Iterator[Input],
        run: CallbackManagerForChainRun,
        config: RunnableConfig,
    ) -> Iterator[AddableDict]:
        started = time.perf_counter()
        question = read_question(next(inputs))
        language = language_of(question.text)
        below = patch_config(config, callbacks=run.get_child())

        found = self.retriever.invoke(search_text(question.text, question.history), below)
        retrieve_s = time.perf_counter() - started
        sources, evidence = self._mark(question, found)
        timings: dict[str, Any] = {
            "retrieve_s": retrieve_s,
            "evidence_s": time.perf_counter() - started,
        }
        yield AddableDict(sources=sources)
        if not sources:
            yield from self._nothing(language, timings)
            return

        fitted = fit(question, sources, language, self.llm)
        last, answer = None, ""
        for chunk in self._write(fitted, below):
            if text := str(chunk.text):
                timings.setdefault("first_token_s", time.perf_counter() - started)
                answer += text
                yield AddableDict(answer=text)
            last = chunk if last is None else last + chunk

        checked = ground(answer, sources, evidence, self._evidence)
        timings |= _spent(last, timings, time.perf_counter() - started)
        timings |= {"dropped_turns": fitted.dropped_turns}
        timings |= {"dropped_passages": fitted.dropped_passages}
        yield AddableDict(
            answer="",
            citations=checked.citations,
            grounded=checked.grounded,
            timings=timings,
        )

    def _mark(self, question: Question, found: list[Document]) -> tuple[list[Document], Evidence]:
        """The passages with `weight` and `highlights` in their metadata, and their sentences."""
        evidence = self._evidence.read(found)
        best = evidence.best(question.text, self._evidence.embed(question.text))
        scores = [max(float(passage.metadata.get("score", 1.0)), 0.0) for passage in found]
        total = sum(scores) or 1.0
        sources = []
        for index, passage in enumerate(found):
            marked = sorted((s.start, s.end) for s in best if s.passage == index)
            extra = {"weight": scores[index] / total, "highlights": marked}
            sources.append(Document(passage.page_content, metadata={**passage.metadata, **extra}))
        return sources, evidence

    def _write(self, fitted: Fitted, config: RunnableConfig) -> Iterator[BaseMessageChunk]:
        """The model's chunks; its engine reports progress into the chain's callbacks."""
        kwargs: dict[str, Any] = {}
        if isinstance(self.llm, KvasirChat):
            kwargs["on_progress"] = lambda event: dispatch_custom_event(
                PROGRESS, {"step": type(event).__name__.lower(), **asdict(event)}, config=config
            )
        stream = self.llm.stream(fitted.messages, config, **kwargs)
        with closing(stream):  # type: ignore[type-var]
            yield from stream

    def _nothing(self, language: Language, timings: dict[str, Any]) -> Iterator[AddableDict]:
        empty = isinstance(self.retriever, LibraryRetriever) and not self.library.documents()
        wording = WORDINGS[language]
        yield AddableDict(
            answer=wording.empty_library if empty else wording.nothing_found,
            citations=[],
            grounded=0.0,
            timings={**timings, **_spent(None, timings, timings["evidence_s"])},
        )


def _spent(
    last: BaseMessageChunk | None, timings: Mapping[str, Any], total_s: float
) -> dict[str, Any]:
    """Tokens and seconds; 0 where a model does not tell."""
    message = last if isinstance(last, AIMessageChunk) else AIMessageChunk(content="")
    usage = message.usage_metadata
    details = usage.get("input_token_details", {}) if usage else {}
    completion = usage["output_tokens"] if usage else 0
    first_token_s = timings.get("first_token_s", total_s)
    writing_s = total_s - first_token_s
    speed = message.response_metadata.get("tokens_per_s")
    return {
        "first_token_s": first_token_s,
        "prompt_tokens": usage["input_tokens"] if usage else 0,
        "reused_tokens": details.get("cache_read", 0),
        "completion_tokens": completion,
        "tokens_per_s": speed or (completion / writing_s if writing_s > 0 else 0.0),
        "total_s": total_s,
    }
