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
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import patch_config
from langchain_core.runnables.utils import AddableDict

from chains.asked import Asked
from chains.errors import QuestionError
from chains.evidence import Evidence, EvidenceReader, Sentence
from chains.followup import standalone
from chains.grounding import Grounding, ground
from chains.language import language_of
from chains.prompts import WORDINGS
from chains.question import Question, read_question
from chains.quoting import quote, quotes
from chains.refusal import CALIBRATIONS, NEAREST, log_odds, signs
from chains.retriever import KV, LibraryRetriever
from chains.routes import Errand, Route, Shelf, answered, route_of
from chains.writing import write
from ingest import Library
from models.chat_model import KvasirChat, OnProgress, chat_model
from models.engine.stream import Prefill, Waiting
from models.settings import get_settings

PROGRESS = "kvasir_progress"  # the custom event of a place in the queue, the prefill and the like

Input = str | Mapping[str, Any]
Marked = tuple[list[Document], Evidence, list[tuple[Sentence, float]]]


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

    With {"filter": {"sources": [...]}} beside them only the documents that it lets through may
    answer: it has the fields of `ingest.Filter`, or is one.

    `invoke` gives {"answer", "sources", "citations", "grounded", "flagged", "refused",
    "timings"}; `flagged` are the sentences that nothing supports, each with the reason. `stream`
    gives the same in parts that add up with `+`: `sources` first, then pieces of `answer`, then
    the rest. Where nothing in the library bears on the question, `refused` is true, the answer
    says so, with or without the model, and `sources` are the nearest there is.
    Until then a source's `weight` is its share of retrieval's scores; with the last part it
    becomes, in the same Documents, its share in the answer, where the model can tell. Closing the
    stream stops the model. Raises QuestionError, LibraryError or ModelError.

    Questions of another kind (`chains.routes`) are answered in the same parts, and say what was
    done in one more, `route`.

    A local model's place in the queue, its prefill, and that a model is asked what a follow-up
    means are reported as custom events named `kvasir_progress` to the callbacks in `config`.
    """

    def __init__(
        self, library: Library, llm: BaseChatModel | None, retriever: BaseRetriever | None
    ) -> None:
        self.library = library
        self.retriever = retriever or LibraryRetriever(
            library=library, k=get_settings().retrieve, llm=lambda: self.llm
        )
        self._llm = llm
        self._evidence = EvidenceReader(library.embedder)

    @property
    def llm(self) -> BaseChatModel:
        """The chat model; the settings' own is made at first use."""
        if self._llm is None:
            self._llm = chat_model()
        return self._llm

    @llm.setter
    def llm(self, model: BaseChatModel) -> None:
        self._llm = model

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
        run_manager: CallbackManagerForChainRun,
        config: RunnableConfig,
    ) -> Iterator[AddableDict]:
        started = time.perf_counter()
        question = read_question(next(inputs))
        language = language_of(question.text)
        below = patch_config(config, callbacks=run_manager.get_child())
        shelf = self._shelf(question)
        barred = shelf is not None and shelf.narrow and not shelf.documents
        route = route_of(question.text, shelf) if shelf and not barred else None
        if shelf and route:
            yield from self._routed(route, shelf, question, below, started)
            return
        llm = self.llm  # one that is missing is said before the work, not after it

        wanted = self._wanted(question, llm, below)
        found = [] if barred else self._found(wanted, question, below)
        refused = not found or self._refuses(wanted, question, found)
        retrieve_s = time.perf_counter() - started
        sources, evidence, marked = self._mark(question, found)
        evidence_s = time.perf_counter() - started
        yield AddableDict(sources=sources)

        blobs = self.library.folder / KV
        asked = Asked(question, language, sources, marked, blobs, below, _reporter(below), refused)
        answer, first_token_s = "", 0.0
        with closing(self._texts(asked, llm, barred=barred)) as texts:
            for text in texts:
                first_token_s = first_token_s or time.perf_counter() - started
                answer += text
                yield AddableDict(answer=text)

        _weigh(asked, len(answer))
        # A model that has learnt to says in the same words that the passages do not hold it.
        refused = refused or answer.strip() == WORDINGS[language].nothing_found
        checked = Grounding([], 0.0)
        if not refused:
            checked = ground(answer, sources, evidence, self._evidence, asked.shares)
        timings = {
            "retrieve_s": retrieve_s,
            "evidence_s": evidence_s,
            "first_token_s": first_token_s,
            "total_s": time.perf_counter() - started,
            **asdict(asked.spent),
        }
        yield AddableDict(
            answer="",
            citations=checked.citations,
            grounded=checked.grounded,
            flagged=checked.flagged,
            refused=refused,
            timings=timings,
        )

    def _wanted(self, question: Question, llm: BaseChatModel, config: RunnableConfig) -> str:
        """What to search for: the question as it stands alone."""
        return standalone(
            question.text,
            question.history,
            llm,
            config,
            lambda: dispatch_custom_event(PROGRESS, {"step": "rewriting"}, config=config),
        ).text

    def _found(self, wanted: str, question: Question, config: RunnableConfig) -> list[Document]:
        """The passages, of the documents that may answer the question."""
        if question.filter is None:
            return self.retriever.invoke(wanted, config)
        return self.retriever.invoke(wanted, config, filter=question.filter)

    def _refuses(self, wanted: str, question: Question, found: list[Document]) -> bool:
        """Whether nothing bears on what was searched for, as far as that can be told."""
        calibration = CALIBRATIONS.get(self.library.embedder.name)
        if calibration is None or not get_settings().refuse:
            return False
        if not isinstance(self.retriever, LibraryRetriever):
            return False
        nearest = self.library.nearest(wanted, NEAREST, self.retriever.narrowed(question.filter))
        if not nearest:
            return False
        texts = [passage.page_content for passage in found]
        seen = signs(wanted, [cosine for _, cosine in nearest], texts, calibration)
        return log_odds(seen, calibration) < calibration.threshold

    def _shelf(self, question: Question) -> Shelf | None:
        """The documents that may answer; None for others' retrievers. Raises QuestionError."""
        if not isinstance(self.retriever, LibraryRetriever):
            if question.filter is not None:
                name = type(self.retriever).__name__
                raise QuestionError(f"a filter needs Kvasir's own retriever, {name} takes none")
            return None
        return Shelf(self.retriever.library, self.retriever.narrowed(question.filter))

    def _routed(
        self,
        route: Route,
        shelf: Shelf,
        question: Question,
        config: RunnableConfig,
        started: float,
    ) -> Iterator[AddableDict]:
        """The answer to a question of another kind: a summary, a count, a comparison."""
        language, report = language_of(question.text), _reporter(config)
        errand = Errand(
            question.text, language, shelf, lambda: self.llm, self._evidence, config, report
        )
        yield from answered(route, errand, started)

    def _mark(self, question: Question, found: list[Document]) -> Marked:
        """The passages with `weight` and `highlights` in their metadata, and their sentences.

        A follow-up marks as it was asked: its topic, put before it to find the passages, is in all
        of them (marked sentences held the answer for 41 of 47 Chinese follow-ups, 33 with it).
        """
        evidence = self._evidence.read(found)
        marked = evidence.best(question.text, self._evidence.embed(question.text))
        scores = [max(float(passage.metadata.get("score", 1.0)), 0.0) for passage in found]
        total = sum(scores) or 1.0
        sources = []
        for index, passage in enumerate(found):
            spans = sorted((s.start, s.end) for s, _ in marked if s.passage == index)
            extra = {"weight": scores[index] / total, "highlights": spans}
            sources.append(Document(passage.page_content, metadata={**passage.metadata, **extra}))
        return sources, evidence, marked

    def _texts(
        self, asked: Asked, llm: BaseChatModel, *, barred: bool
    ) -> Generator[str, None, None]:
        """The answer in pieces: what the documents hold, or that they hold nothing.

        Where it is `barred`, none of the documents that may answer is there.
        """
        wording = WORDINGS[asked.language]
        if asked.refused:
            ours = isinstance(self.retriever, LibraryRetriever)
            empty = ours and not self.library.documents()
            nothing = wording.none_allowed if barred else wording.nothing_found
            yield wording.empty_library if empty else nothing
        elif isinstance(llm, KvasirChat) and quotes(llm):
            yield from quote(asked, llm)
        else:
            yield from write(asked, llm)


def _weigh(asked: Asked, length: int) -> None:
    """Put the passages' shares in the answer of so many characters in place of retrieval's."""
    passages = asked.passages
    read = len(passages) - asked.spent.dropped_passages
    known = asked.shares.between(0, length, len(passages))
    weights = known or [p.metadata["weight"] * (i < read) for i, p in enumerate(passages)]
    total = sum(weights) or 1.0
    for passage, weight in zip(passages, weights, strict=True):
        passage.metadata["weight"] = weight / total


def _reporter(config: RunnableConfig) -> OnProgress:
    def report(event: Waiting | Prefill) -> None:
        step = type(event).__name__.lower()
        dispatch_custom_event(PROGRESS, {"step": step, **asdict(event)}, config=config)

    return report
