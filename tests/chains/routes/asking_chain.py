"""Asks a chain, and holds what must hold of every answer's citations."""

from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseChatModel, FakeListChatModel

from chains import rag_chain
from ingest import Library


def asked(
    library: Library,
    question: str,
    llm: BaseChatModel | None = None,
    callbacks: Sequence[BaseCallbackHandler] = (),
) -> dict[str, Any]:
    """The whole result; without a model given, a model that says it was asked."""
    llm = llm or FakeListChatModel(responses=["the model was asked"])
    result = rag_chain(library, llm=llm).invoke(question, {"callbacks": list(callbacks)})
    check_citations(library, result)
    return result


def check_citations(library: Library, result: dict[str, Any]) -> None:
    """Every citation points at real characters of a page, inside its passage."""
    for citation in result["citations"]:
        place = citation["extras"]
        text = library.page(place["source"], place["page"]).text
        assert text[place["start"] : place["end"]] == citation["cited_text"] != ""
        passage = result["sources"][place["passage"]]
        begin, end = passage.metadata["start"], passage.metadata["end"]
        assert text[begin:end] == passage.page_content
        assert begin <= place["start"] < place["end"] <= end
        assert result["answer"][citation["start_index"] : citation["end_index"]].strip()
