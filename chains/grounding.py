"""Checks a finished answer against the passages, sentence by sentence.

A sentence is cited when a sentence of a passage says it (chains.support says how that is told),
and flagged with the reason otherwise. Where several say it about equally, the one that the model
wrote it from is cited. What the model itself claims to cite is never believed.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from langchain_core.documents import Document
from langchain_core.messages.content import Citation, create_citation

from chains.evidence import Evidence, EvidenceReader, Sentence
from chains.markers import without_markers
from chains.sentences import Span, sentences
from chains.shares import Shares
from chains.support import Claim, Doubt, Kind, Support
from chains.words import content_words


@dataclass(frozen=True)
class Flag:
    """A claim that no passage supports: its span in the answer, and why.

    `kind` is what was looked for in vain and `what` how it is written: for the number 42,
    "number" and "42". `nowhere` is whether it stands in no passage at all, `instead` what the
    passage has in its place, where that can be told.
    """

    start: int
    end: int
    reason: str
    kind: Kind = "words"
    what: str = ""
    nowhere: bool = False
    instead: str = ""


@dataclass(frozen=True)
class Grounding:
    """The citations of an answer, in its order, the share of its claims that have one, the rest."""

    citations: list[Citation]
    grounded: float
    flags: tuple[Flag, ...] = ()

    @property
    def flagged(self) -> list[dict[str, Any]]:
        """The flags as a chain's result holds them."""
        return [asdict(flag) for flag in self.flags]


def ground(
    answer: str,
    passages: Sequence[Document],
    evidence: Evidence,
    reader: EvidenceReader,
    shares: Shares | None = None,
) -> Grounding:
    """Cite every sentence of the answer that a passage supports, flag every other one.

    `shares` choose between passages that support it; they never make up for support. Questions and
    sentences without content words ("It is.") are no claims and count neither way; an answer
    without claims is grounded 0.
    """
    claims = _claims(answer)
    if not claims:
        return Grounding([], 0.0)
    shares = shares or Shares()
    plain = without_markers(answer)
    texts = [plain[start:end].strip() for start, end in claims]
    vectors = reader.embed_claims(texts)
    support = Support(passages, evidence, reader.likeness)
    citations: list[Citation] = []
    flags: list[Flag] = []
    for span, text, vector in zip(claims, texts, vectors, strict=True):
        parts = shares.between(*span, len(passages)) or [0.0] * len(passages)
        found = support.judge(Claim(text, vector, parts))
        if isinstance(found, Doubt):
            flags.append(Flag(*span, reason=found.reason, **asdict(found)))
        else:
            citations.append(_citation(span, found, passages[found.passage]))
    return Grounding(citations, len(citations) / len(claims), tuple(flags))


def uncited(answer: str, citations: Sequence[Citation]) -> list[Span]:
    """The spans of the answer's claims that no citation covers."""
    cited = {(citation.get("start_index"), citation.get("end_index")) for citation in citations}
    return [span for span in _claims(answer) if span not in cited]


def _claims(answer: str) -> list[Span]:
    plain = without_markers(answer)
    return [
        (start, end)
        for start, end in sentences(plain)
        if content_words(plain[start:end]) and not plain[start:end].endswith(("?", "？"))
    ]


def _citation(claim: Span, sentence: Sentence, passage: Document) -> Citation:
    metadata = passage.metadata
    begin = metadata.get("start", 0)
    return create_citation(
        title=metadata.get("title"),
        start_index=claim[0],
        end_index=claim[1],
        cited_text=sentence.text,
        passage=sentence.passage,
        source=metadata.get("source"),
        page=metadata.get("page"),
        label=metadata.get("label"),
        chunk_id=metadata.get("chunk_id"),
        start=begin + sentence.start,
        end=begin + sentence.end,
    )
