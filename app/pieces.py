"""A finished answer cut into pieces: sentences with their citations, sentences without.

It does not know how pieces are shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.documents import Document
from langchain_core.messages.content import Citation

Flag = Mapping[str, Any]  # of a sentence that nothing supports: chains.grounding.Flag as a dict


@dataclass(frozen=True)
class Piece:
    """A stretch of the answer: `citations` are places in its list; `flag` says what is wrong."""

    text: str
    citations: tuple[int, ...] = ()
    flag: Flag | None = None


def pieces(answer: str, citations: Sequence[Citation], flagged: Sequence[Flag]) -> list[Piece]:
    """The whole answer in order: the texts joined give it back, character for character."""
    cited: dict[tuple[int, int], list[int]] = {}
    for place, citation in enumerate(citations):
        span = (citation.get("start_index") or 0, citation.get("end_index") or 0)
        cited.setdefault(span, []).append(place)
    flags = {(int(flag["start"]), int(flag["end"])): flag for flag in flagged}
    found, reached = [], 0
    for start, end in sorted({*flags, *cited}):
        if not reached <= start < end <= len(answer):
            continue
        if start > reached:
            found.append(Piece(answer[reached:start]))
        places = tuple(cited.get((start, end), ()))
        found.append(Piece(answer[start:end], places, flag=None if places else flags[start, end]))
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
