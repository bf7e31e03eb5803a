"""Answers checked against the passages."""

import pytest
from langchain_core.documents import Document

from chains.evidence import EvidenceReader
from chains.grounding import Grounding, ground, uncited
from chains.shares import Shares
from models.embeddings import KvasirEmbeddings

PHAROS = Document(
    "The Pharos of Alexandria was completed in 280 BC. It was designed by Sostratus of Cnidus.",
    metadata={"title": "Lighthouse", "source": "/l.txt", "page": 3, "label": "3", "start": 100},
)
TEA = Document("红茶是全发酵茶，起源于福建武夷山。", metadata={"title": "茶", "start": 0})


@pytest.fixture(scope="module")
def reader(embedder: KvasirEmbeddings) -> EvidenceReader:
    return EvidenceReader(embedder)


def check(reader: EvidenceReader, answer: str) -> Grounding:
    passages = [PHAROS, TEA]
    return ground(answer, passages, reader.read(passages), reader)


def test_a_supported_sentence_is_cited_with_document_page_and_span(reader: EvidenceReader) -> None:
    answer = "I see. The Pharos was completed in 280 BC."
    [citation] = check(reader, answer).citations
    assert answer[citation["start_index"] : citation["end_index"]].startswith("The Pharos")
    assert citation["cited_text"] == "The Pharos of Alexandria was completed in 280 BC."
    assert citation["title"] == "Lighthouse"
    where = {key: citation["extras"][key] for key in ("passage", "source", "page", "start", "end")}
    assert where == {"passage": 0, "source": "/l.txt", "page": 3, "start": 100, "end": 149}


def test_chinese_is_cited_as_well(reader: EvidenceReader) -> None:
    found = check(reader, "红茶起源于福建的武夷山。")
    assert [citation["extras"]["passage"] for citation in found.citations] == [1]
    assert found.grounded == 1.0


@pytest.mark.parametrize(
    "answer",
    [
        "The Pharos of Alexandria was completed in 290 BC.",
        "It was designed by Sostratus of Cnidus in 1987.",
        "Elephants are the largest land animals.",
        "红茶起源于1610年。",
    ],
)
def test_what_no_passage_says_is_not_cited(reader: EvidenceReader, answer: str) -> None:
    found = check(reader, answer)
    assert found == Grounding([], 0.0)
    assert uncited(answer, found.citations) == [(0, len(answer))]


def test_grounded_is_the_share_of_the_claims(reader: EvidenceReader) -> None:
    answer = "The Pharos was completed in 280 BC. It was made of chocolate. Is it? It is."
    found = check(reader, answer)
    assert found.grounded == 0.5
    assert [answer[a:b] for a, b in uncited(answer, found.citations)] == [
        "It was made of chocolate."
    ]


def test_markers_that_the_model_writes_are_not_believed(reader: EvidenceReader) -> None:
    assert check(reader, "Elephants fly to the moon [1].").citations == []


@pytest.mark.parametrize("answer", ["", "   ", "Is it?", "It is."])
def test_an_answer_without_claims_is_grounded_nowhere(reader: EvidenceReader, answer: str) -> None:
    assert check(reader, answer) == Grounding([], 0.0)


TWICE = [
    Document("In the north, cats sleep for 13 hours a day."),
    Document("Cats sleep for 13 hours a day, as everybody knows."),
    Document("Dogs bark at night."),
]
SLEEP = "Cats sleep for 13 hours a day."


@pytest.mark.parametrize("writer", [0, 1])
def test_of_equals_the_passage_is_cited_that_the_claim_was_written_from(
    reader: EvidenceReader, writer: int
) -> None:
    evidence = reader.read(TWICE)
    parts = [0.3, 0.3, 0.0]
    parts[writer] = 0.7
    before = "Dogs bark at night. "
    shares = Shares([(len(before), (0.0, 0.0, 1.0)), (len(SLEEP), parts)])
    found = ground(before + SLEEP, TWICE, evidence, reader, shares)
    assert [citation["extras"]["passage"] for citation in found.citations] == [2, writer]


def test_a_share_never_makes_up_for_support(reader: EvidenceReader) -> None:
    evidence = reader.read(TWICE)
    [citation] = ground(SLEEP, TWICE, evidence, reader, Shares([(99, (0.0, 0.0, 1.0))])).citations
    assert citation["extras"]["passage"] in (0, 1)
    wrong = "Dogs bark for 13 hours a day."
    mine = Shares([(99, (1.0,))])
    assert ground(wrong, TWICE[2:], reader.read(TWICE[2:]), reader, mine) == Grounding([], 0.0)
