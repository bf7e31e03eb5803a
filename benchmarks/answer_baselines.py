"""Answers as LangChain's and LlamaIndex's usual pipelines give them, with the bundled model's file.

Retrieval is that of retrieval_baselines; the model runs in ChatLlamaCpp, greedily, with the usual
batch of 512. Prompts and numbers of passages are the pipelines' own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from langchain_core.messages import HumanMessage
from retrieval_baselines import MiniLM, langchain_faiss, llama_index_of
from retrieval_sets import Asked
from squad import Question

from ingest import Library  # retrieval_sets put the checkout on the path
from models.weights import BUNDLED, find_weights

CONTEXT = 8192
MOST = 256  # tokens of an answer
PASSAGES = 4  # what LangChain's retrievers give where nothing is said
# In the sense of the prompt that LangChain's tutorials pull from its hub.
STUFFED = (
    "You are an assistant for question-answering tasks. Use the following pieces of retrieved "
    "context to answer the question. If you don't know the answer, just say that you don't know. "
    "Use three sentences maximum and keep the answer concise.\n"
    "Question: {question}\nContext: {context}\nAnswer:"
)

Answerer = Callable[[Question], dict[str, Any]]


@cache
def chat_llama_cpp() -> Any:
    """The model in ChatLlamaCpp."""
    from langchain_community.chat_models import ChatLlamaCpp

    return ChatLlamaCpp(
        model_path=str(find_weights(next(iter(BUNDLED)))),
        n_ctx=CONTEXT,
        n_batch=512,
        temperature=0.0,
        max_tokens=MOST,
        verbose=False,
    )


def written(prompt: str) -> Iterator[str]:
    """The model's answer, in pieces."""
    for chunk in chat_llama_cpp().stream([HumanMessage(prompt)]):
        yield str(chunk.text)


def langchain_rag(library: Library, model: MiniLM) -> Answerer:
    """The passages stuffed into one prompt."""
    search = langchain_faiss(library, model)

    def answer(question: Question) -> dict[str, Any]:
        began = time.perf_counter()
        found = search(Asked("", "", (question,)), 0)[:PASSAGES]
        context = "\n\n".join(text for _, text in found)
        return _timed(began, written(STUFFED.format(question=question.text, context=context)))

    return answer


def llama_index_rag(library: Library, model: MiniLM) -> Answerer:
    """`index.as_query_engine()`: two passages, its own prompt."""
    index = llama_index_of(library, model)
    from llama_index.core.llms import (
        CompletionResponse,
        CompletionResponseGen,
        CustomLLM,
        LLMMetadata,
    )
    from llama_index.core.schema import QueryBundle

    class Local(CustomLLM):
        """ChatLlamaCpp, as LlamaIndex asks models."""

        @property
        def metadata(self) -> LLMMetadata:
            return LLMMetadata(context_window=CONTEXT, num_output=MOST)

        def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
            return CompletionResponse(text="".join(written(prompt)))

        def stream_complete(
            self, prompt: str, formatted: bool = False, **kwargs: Any
        ) -> CompletionResponseGen:
            text = ""
            for piece in written(prompt):
                text += piece
                yield CompletionResponse(text=text, delta=piece)

    engine = index.as_query_engine(llm=Local(), streaming=True)

    def answer(question: Question) -> dict[str, Any]:
        began = time.perf_counter()
        query = QueryBundle(question.text, embedding=model.question(question.text).tolist())
        return _timed(began, iter(engine.query(query).response_gen))

    return answer


def _timed(began: float, pieces: Iterator[str]) -> dict[str, Any]:
    text, first = "", 0.0
    for piece in pieces:
        text += piece
        if text and not first:
            first = time.perf_counter() - began
    total = time.perf_counter() - began
    return {"answer": text, "timings": {"first_token_s": first, "total_s": total}}
