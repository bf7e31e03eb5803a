"""Checks a finished answer against the passages, sentence by sentence.

A sentence is cited when one sentence of a passage says it: enough of its content words stand
there, or fewer and the vectors agree, and every number in it stands in that passage. What the
model itself claims to cite is never looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from langchain_core.documents import Document
from langchain_core.messages.content import Citation, create_citation

from chains.evidence import Evidence, EvidenceReader, Sentence
from chains.sentences import Span, sentences
from chains.words import content_words, numbers, overlap

ENOUGH_WORDS = 0.6  # of the sentence's content words: supported by themselves
SOME_WORDS = 0.3  # supported together with
CLOSE = 0.9  # this cosine between the two sentences


@dataclass(frozen=True)
class Grounding:
    """The citations of an answer, in its order, and the share of its sentences that have one."""

    citations: list[Citation]
    grounded: float


def ground(
    answer: str, passages: Sequence[Document], evidence: Evidence, reader: EvidenceReader
) -> Grounding:
    """Cite every sentence of the answer that a passage supports.

    Questions and sentences without content words ("Yes.") are no claims and count neither way; an
    answer without claims is grounded 0.
    """
    claims = _claims(answer)
    if not claims or not evidence.sentences:
        return Grounding([], 0.0)
    vectors = reader.embed_claims([answer[start:end] for start, end in claims])
    citations = []
    for claim, vector in zip(claims, vectors, strict=True):
        support = _support(answer[claim[0] : claim[1]], vector, passages, evidence)
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
    claim: str, vector: np.ndarray, passages: Sequence[Document], evidence: Evidence
) -> Sentence | None:
    words, figures = content_words(claim), numbers(claim)
    cosines = evidence.vectors @ vector
    best: tuple[float, Sentence] | None = None
    for sentence, cosine in zip(evidence.sentences, cosines, strict=True):
        shared = overlap(words, content_words(sentence.text))
        enough = shared >= ENOUGH_WORDS or (shared >= SOME_WORDS and cosine >= CLOSE)
        if not enough or not figures <= numbers(passages[sentence.passage].page_content):
            continue
        score = shared + float(cosine)
        if best is None or score > best[0]:
            best = (score, sentence)
    return best[1] if best else None


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
