"""What came of one question: what was found, said and cited, beside what was wanted.

It does not know how figures are made of many.
"""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from langchain_core.documents import Document
from pydantic import BaseModel, ConfigDict

from chains.evaluation.gold import Gold
from chains.evaluation.scores import f1, holds
from chains.language import language_of
from chains.prompts import WORDINGS

DEPTH = 5  # passages among which the right one is looked for


class Outcome(BaseModel):
    """One question's result; None where a question's line doesn't tell what would be right.

    `rank` is the first right passage's, from 1, 0 for none among the first five. `cited` and
    `cited_right` are numbers of citations, all and those of right passages. `error` says why
    there is no answer.
    """

    model_config = ConfigDict(frozen=True)

    gold: Gold
    answer: str = ""
    refused: bool = False
    rank: int | None = None
    in_answer: bool | None = None
    in_marked: bool | None = None
    f1: float | None = None
    cited: int = 0
    cited_right: int | None = None
    grounded: float | None = None
    first_token_s: float | None = None
    total_s: float | None = None
    sources: tuple[tuple[str, int | None], ...] = ()
    error: str = ""


def outcome(gold: Gold, result: Mapping[str, Any], ranking: Sequence[Document]) -> Outcome:
    """Judge a chain's result; `ranking` are the passages found for the question, best first."""
    answer, sources = result["answer"], result["sources"]
    refused = bool(result.get("refused", answer in _refusals(gold.question)))
    cited = [_passage(citation, sources) for citation in result["citations"]]
    timings = result["timings"]
    return Outcome(
        gold=gold,
        answer=answer,
        refused=refused,
        rank=_rank(gold, ranking[:DEPTH]) if gold.located else None,
        in_answer=holds(answer, gold.answers) if gold.answers else None,
        in_marked=holds(marked(sources), gold.answers) if gold.answers else None,
        f1=(0.0 if refused else f1(answer, gold.answers)) if gold.answers else None,
        cited=len(cited),
        cited_right=sum(right(gold, each) for each in cited) if gold.located else None,
        grounded=None if refused else result["grounded"],
        first_token_s=timings["first_token_s"],
        total_s=timings["total_s"],
        sources=tuple((str(s.metadata.get("source")), s.metadata.get("page")) for s in sources),
    )


def right(gold: Gold, passage: Document) -> bool:
    """Whether a passage is one that the question should lead to.

    It is of the source, if that is known, and holds the quote; without a quote, it is of the
    page; with neither source nor quote, it holds an answer.
    """
    metadata, text = passage.metadata, passage.page_content
    if gold.source and not of_source(gold.source, metadata):
        return False
    if gold.quote:
        return holds(text, [gold.quote])
    if gold.source:
        return gold.page is None or str(gold.page) in _pages(gold.page, metadata)
    return holds(text, gold.answers)


def of_source(wanted: str, metadata: Mapping[str, Any]) -> bool:
    """Whether a passage is of the document meant: by its path, the end of one, or its title."""
    source, title = str(metadata.get("source") or ""), str(metadata.get("title") or "")
    if wanted.casefold() in (source.casefold(), title.casefold()):
        return True
    asked = PurePath(wanted.casefold().removeprefix("upload:")).parts
    parts = PurePath(source.casefold().removeprefix("upload:")).parts
    asked = asked[1:] if asked and asked[0] in (".", "~") else asked
    return bool(asked) and parts[-len(asked) :] == asked


def marked(sources: Sequence[Document]) -> str:
    """The marked sentences of all passages, a line each."""
    return "\n".join(
        source.page_content[start:end]
        for source in sources
        for start, end in source.metadata.get("highlights") or ()
    )


def _refusals(question: str) -> tuple[str, ...]:
    wording = WORDINGS[language_of(question)]
    return wording.nothing_found, wording.empty_library


def _rank(gold: Gold, ranking: Sequence[Document]) -> int:
    return next((n for n, passage in enumerate(ranking, 1) if right(gold, passage)), 0)


def _passage(citation: Mapping[str, Any], sources: Sequence[Document]) -> Document:
    """The passage that a citation is of; by itself, where it does not say which one."""
    extras = citation.get("extras") or {}
    number = extras.get("passage")
    if isinstance(number, int) and 0 <= number < len(sources):
        return sources[number]
    return Document(citation.get("cited_text") or "", metadata=dict(extras))


def _pages(wanted: int | str, metadata: Mapping[str, Any]) -> set[str]:
    """What a passage's page is called: a number means the number, a text the label, too."""
    called = {str(metadata.get("page"))}
    return called if isinstance(wanted, int) else called | {str(metadata.get("label") or "")}
