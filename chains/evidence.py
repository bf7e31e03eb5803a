"""The passages sentence by sentence: which of them bear on a question, before a model speaks.

It does not know the answer: chains.grounding compares that with what is here.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
from langchain_core.documents import Document

from chains.likeness import Likeness
from chains.sentences import is_title, sentences
from chains.words import content_words, overlap
from ingest.embedder import Embedder

MARKED = 3  # sentences marked over all passages: one of three holds the answer in .92 (XQuAD)
MARGIN = 0.08  # below the best sentence's score, a sentence is not marked
TITLE = 0.1  # what a title loses: it echoes questions, and answers none
WORDS = 0.2  # what shared words weigh beside the vectors' cosine
REMEMBERED = 256  # passages whose sentence vectors are kept


@dataclass(frozen=True)
class Sentence:
    """A sentence of a passage: the passage's place in the sources, its span in the passage."""

    passage: int
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Evidence:
    """The sentences of all passages, and their unit vectors, shape (sentences, dimensions)."""

    sentences: tuple[Sentence, ...]
    vectors: np.ndarray

    def best(self, question: str, vector: np.ndarray) -> list[tuple[Sentence, float]]:
        """The sentences that bear on the question, with scores, best first, MARKED at most."""
        if not self.sentences:
            return []
        asked = content_words(question)
        words = [overlap(asked, content_words(sentence.text)) for sentence in self.sentences]
        titles = [is_title(sentence.text) for sentence in self.sentences]
        scores = self.vectors @ vector + WORDS * np.array(words) - TITLE * np.array(titles)
        order = np.argsort(-scores, kind="stable")[:MARKED]
        least = scores[order[0]] - MARGIN
        return [(self.sentences[i], float(scores[i])) for i in order if scores[i] >= least]


class EvidenceReader:
    """Makes Evidence of passages, remembering the vectors of passages seen before."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors: OrderedDict[str, np.ndarray] = OrderedDict()
        self._lock = Lock()
        self.likeness = Likeness(embedder.embed_array)

    def read(self, passages: Sequence[Document]) -> Evidence:
        """The evidence in the passages; headings are no evidence, a blank passage has none."""
        found: list[Sentence] = []
        vectors: list[np.ndarray] = []
        for index, passage in enumerate(passages):
            text = passage.page_content
            headings = {_bare(heading) for heading in passage.metadata.get("headings") or ()}
            spans = [(a, b) for a, b in sentences(text) if _bare(text[a:b]) not in headings]
            found += [Sentence(index, start, end, text[start:end]) for start, end in spans]
            vectors.append(self._remembered(text, [text[start:end] for start, end in spans]))
        empty = np.zeros((0, self._embedder.dimensions), np.float32)
        return Evidence(tuple(found), np.concatenate([empty, *vectors]))

    def embed(self, text: str) -> np.ndarray:
        """A question's vector."""
        return np.array(self._embedder.embed_query(text), np.float32)

    def embed_claims(self, texts: list[str]) -> np.ndarray:
        """The vectors of an answer's sentences, to be compared with the passages' own."""
        return self._embedder.embed_array(texts)

    def _remembered(self, text: str, parts: list[str]) -> np.ndarray:
        with self._lock:
            if text in self._vectors:
                self._vectors.move_to_end(text)
                return self._vectors[text]
        rows = self._embedder.embed_array(parts)
        with self._lock:
            self._vectors[text] = rows
            while len(self._vectors) > REMEMBERED:
                self._vectors.popitem(last=False)
        return rows


def _bare(line: str) -> str:
    """A heading's words, without a Markdown heading's marks."""
    return line.strip().strip("#").strip()
