"""A finished answer cut into pieces: sentences with their citations, sentences without.

It does not know how pieces are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.documents import Document
from langchain_core.messages.content import Citation

from chains.grounding import uncited


@dataclass(frozen=True)
class Piece:
    """A stretch of the answer. `citations` are places in the answer's list, in order."""

    text: str
    citations: tuple[int, ...] = ()
    unsupported: bool = False


def pieces(answer: str, citations: Sequence[Citation]) -> list[Piece]:
    """The whole answer in order: the texts joined give it back, character for character."""
    cited: dict[tuple[int, int], list[int]] = {}
    for place, citation in enumerate(citations):
        span = (citation.get("start_index") or 0, citation.get("end_index") or 0)
        cited.setdefault(span, []).append(place)
    spans = {**dict.fromkeys(uncited(answer, citations)), **cited}
    found, reached = [], 0
    for start, end in sorted(spans):
        if not reached <= start < end <= len(answer):
            continue
        if start > reached:
            found.append(Piece(answer[reached:start]))
        places = tuple(cited.get((start, end), ()))
        found.append(Piece(answer[start:end], places, unsupported=not places))
        reached = end
    if reached < len(answer):
        found.append(Piece(answer[reached:]))
    return found


def number_of(citation: Citation) -> int:
    """The number that a citation is shown by: its passage's place in the evidence, from 1."""
    return int(citation.get("extras", {}).get("passage", 0)) + 1


def cited_passages(citations: Sequence[Citation], sources: Sequence[Document]) -> list[int]:
    """The places of the cited passages, in the order of the answer, each once."""
    places = dict.fromkeys(number_of(citation) - 1 for citation in citations)
    return [place for place in places if place < len(sources)]
