"""Checks a finished answer against the passages, sentence by sentence.

A sentence is cited when one sentence of a passage says it: enough of its content words stand
there, or fewer and the vectors agree, and every number in it stands in that passage. Where
several passages say it about equally, the one that the model wrote it from is cited. What the
model itself claims to cite is never looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from langchain_core.documents import Document
from langchain_core.messages.content import Citation, create_citation

from chains.evidence import Evidence, EvidenceReader, Sentence
from chains.sentences import Span, sentences
from chains.shares import Shares
from chains.words import content_words, numbers, overlap

ENOUGH_WORDS = 0.6  # of the sentence's content words: supported by themselves
SOME_WORDS = 0.3  # supported together with
CLOSE = 0.9  # this cosine between the two sentences
EQUAL = 0.1  # sentences that support a claim this nearly as well as the best one do it equally


@dataclass(frozen=True)
class Grounding:
    """The citations of an answer, in its order, and the share of its sentences that have one."""

    citations: list[Citation]
    grounded: float


def ground(
    answer: str,
    passages: Sequence[Document],
    evidence: Evidence,
    reader: EvidenceReader,
    shares: Shares | None = None,
) -> Grounding:
    """Cite every sentence of the answer that a passage supports.

    `shares` choose between passages that support it; they never make up for support. Questions and
    sentences without content words ("Yes.") are no claims and count neither way; an answer without
    claims is grounded 0.
    """
    shares = shares or Shares()
    claims = _claims(answer)
    if not claims or not evidence.sentences:
        return Grounding([], 0.0)
    vectors = reader.embed_claims([answer[start:end] for start, end in claims])
    citations = []
    for claim, vector in zip(claims, vectors, strict=True):
        parts = shares.between(*claim, len(passages)) or [0.0] * len(passages)
        support = _support(answer[claim[0] : claim[1]], vector, passages, evidence, parts)
        if support:
            citations.append(_citation(claim, support, passages[support.passage]))
    return Grounding(citations, len(citations) / len(claims))


def uncited(answer: str, citations: Sequence[Citation]) -> list[Span]:
    """The spans of the answer's claims that no citation covers."""
    cited = {(citation.get("start_index"), citation.get("end_index")) for citation in citations}
    return [span for span in _claims(answer) if span not in cited]


def _claims(answer: str) -> list[Span]:
    return [
        (start, end)
        for start, end in sentences(answer)
        if content_words(answer[start:end]) and not answer[start:end].endswith(("?", "？"))
    ]


def _support(
    claim: str,
    vector: np.ndarray,
    passages: Sequence[Document],
    evidence: Evidence,
    parts: Sequence[float],
) -> Sentence | None:
    """The sentence to cite for a claim, of which each passage has a part; None without support."""
    words, figures = content_words(claim), numbers(claim)
    cosines = evidence.vectors @ vector
    found: list[tuple[float, Sentence]] = []
    for sentence, cosine in zip(evidence.sentences, cosines, strict=True):
        shared = overlap(words, content_words(sentence.text))
        enough = shared >= ENOUGH_WORDS or (shared >= SOME_WORDS and cosine >= CLOSE)
        if enough and figures <= numbers(passages[sentence.passage].page_content):
            found.append((shared + float(cosine), sentence))
    if not found:
        return None
    least = max(score for score, _ in found) - EQUAL
    near = [(parts[s.passage], score, s) for score, s in found if score >= least]
    return max(near, key=lambda each: each[:2])[2]


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
