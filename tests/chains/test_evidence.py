"""The sentences that bear on a question."""

from collections.abc import Callable, Sequence

import numpy as np
from langchain_core.documents import Document

from chains.evidence import MARKED, EvidenceReader
from models.embeddings import KvasirEmbeddings


class CountingEmbedder:
    """Vectors that say nothing, and how many texts they were made for."""

    name, dimensions, max_tokens, texts = "counting", 2, 512, 0

    def embed_array(
        self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None
    ) -> np.ndarray:
        self.texts += len(texts)
        return np.array([[len(text), 1] for text in texts], np.float32).reshape(-1, 2)

    def embed_query(self, text: str) -> list[float]:
        return [float(len(text)), 1.0]

    def token_starts(self, text: str) -> list[int]:
        return list(range(len(text)))


CATS = Document(
    "Cats\n\nCats sleep for 13 hours a day. A group of cats is called a clowder.",
    metadata={"headings": ["Cats"]},
)
TEA = Document("绿茶不经过发酵。红茶是全发酵茶，起源于福建武夷山。")


def marked(embedder: KvasirEmbeddings, question: str, *passages: Document) -> list[str]:
    reader = EvidenceReader(embedder)
    best = reader.read(passages).best(question, reader.embed(question))
    return [sentence.text for sentence, _ in best]


def test_the_sentence_that_answers_comes_first(embedder: KvasirEmbeddings) -> None:
    assert marked(embedder, "What is a group of cats called?", TEA, CATS)[0].endswith("clowder.")
    assert marked(embedder, "红茶起源于哪里？", TEA, CATS)[0].startswith("红茶")


def test_spans_point_at_the_sentence_in_its_passage(embedder: KvasirEmbeddings) -> None:
    evidence = EvidenceReader(embedder).read([CATS, TEA])
    for sentence in evidence.sentences:
        passage = [CATS, TEA][sentence.passage]
        assert passage.page_content[sentence.start : sentence.end] == sentence.text
    assert len(evidence.vectors) == len(evidence.sentences) == 4


def test_headings_are_no_evidence(embedder: KvasirEmbeddings) -> None:
    assert "Cats" not in marked(embedder, "Cats", CATS)


def test_a_title_that_echoes_the_question_does_not_come_first(embedder: KvasirEmbeddings) -> None:
    passage = Document("KV 缓存是什么\n\nKV 缓存保存已经算过的键和值，这样就不必再算。")
    assert marked(embedder, "什么是KV缓存？", passage)[0].startswith("KV 缓存保存")


def test_no_more_than_a_few_are_marked_and_scores_fall(embedder: KvasirEmbeddings) -> None:
    reader = EvidenceReader(embedder)
    many = Document(" ".join(f"Fact {n} about cats." for n in range(9)))
    best = reader.read([many]).best("cats", reader.embed("cats"))
    scores = [score for _, score in best]
    assert len(best) == MARKED
    assert scores == sorted(scores, reverse=True)


def test_without_text_there_is_no_evidence(embedder: KvasirEmbeddings) -> None:
    assert marked(embedder, "anything") == []
    assert marked(embedder, "anything", Document("  ")) == []


def test_a_passage_seen_again_is_not_embedded_again() -> None:
    embedder = CountingEmbedder()
    reader = EvidenceReader(embedder)
    first = reader.read([CATS, TEA])
    again = reader.read([TEA, CATS])
    assert embedder.texts == 4
    assert (again.vectors[-2:] == first.vectors[:2]).all()
