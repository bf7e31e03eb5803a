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
    assert (found.citations, found.grounded) == ([], 0.0)
    assert uncited(answer, found.citations) == [(0, len(answer))]
    assert [(flag.start, flag.end) for flag in found.flags] == [(0, len(answer))]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("It was completed in 290 BC.", "the number 290 stands in no passage"),
        ("The Pharos was designed by Archimedes.", "the name Archimedes stands in no passage"),
        ("红茶起源于1610年的福建。", "the number 1610 stands in no passage"),
        ("红茶起源于云南武夷山。", "the name 云南 stands in no passage"),
        ("红茶不是全发酵茶。", "the passage says otherwise about “全”"),
        (
            "The Pharos of Alexandria was destroyed in 280 BC.",
            "the passage has “completed”, not “destroyed”",
        ),
        (
            "The Pharos of Alexandria was not completed in 280 BC.",
            "the passage says otherwise about “complet”",
        ),
        ("They sleep under trees all day long.", "no passage says this"),
    ],
)
def test_a_flag_says_why(reader: EvidenceReader, answer: str, reason: str) -> None:
    assert [flag.reason for flag in check(reader, answer).flags] == [reason]


def test_a_number_from_another_place_is_flagged(reader: EvidenceReader) -> None:
    passage = Document("The tower has 12 floors and 300 windows. It was begun in 1850.")
    evidence = reader.read([passage])
    for answer in ("The tower has 300 floors.", "It was begun in 300."):
        [flag] = ground(answer, [passage], evidence, reader).flags
        assert flag.kind == "number"
        assert not flag.nowhere


def test_the_numbers_of_a_list_are_no_numbers_of_its_items(reader: EvidenceReader) -> None:
    answer = "1. The Pharos was completed in 280 BC.\n2) It was designed by Sostratus of Cnidus."
    assert check(reader, answer).grounded == 1.0
    assert not check(reader, "7、红茶是全发酵茶。").flags


@pytest.mark.parametrize(
    "text", ["Q3 2 | 17 | n/a", "not X: 1. 2", "第三 3、 4 万一", "No. 5 (5) [5] V"]
)
def test_what_stands_there_word_for_word_is_always_supported(
    reader: EvidenceReader, text: str
) -> None:
    passage = Document(text)
    found = ground(text, [passage], reader.read([passage]), reader)
    assert not found.flags


def test_numbers_dates_and_names_count_in_whatever_form(reader: EvidenceReader) -> None:
    passage = Document(
        "On 1 March 2020 the Royal Society of Chemistry had twelve thousand members, 35% of them "
        "women. 2020年3月1日，该学会有一万两千名会员。"
    )
    answers = [
        "On 2020-03-01 the Royal Society of Chemistry had 12,000 members.",
        "On March 1, 2020 the RSC had 12,000 members, 35 percent of them women.",
        "2020-03-01该学会有12000名会员。",
    ]
    for answer in answers:
        found = ground(answer, [passage], reader.read([passage]), reader)
        assert found.grounded == 1.0, found.flags


def test_grounded_is_the_share_of_the_claims(reader: EvidenceReader) -> None:
    answer = "The Pharos was completed in 280 BC. It was made of chocolate. Is it? It is."
    found = check(reader, answer)
    assert found.grounded == 0.5
    assert [answer[a:b] for a, b in uncited(answer, found.citations)] == [
        "It was made of chocolate."
    ]


MARKS = [
    "[1]",
    "[2]",
    "[7]",
    "【2】",
    "[1, 2]",
    "[^3]",
    "(source: tea.txt, p. 9)",
    "（来源：茶 9）",
]


@pytest.mark.parametrize("mark", MARKS)
def test_markers_that_the_model_writes_are_not_believed(reader: EvidenceReader, mark: str) -> None:
    assert check(reader, f"Elephants fly to the moon {mark}.").citations == []


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("form", ["{claim} {mark}", "{mark} {claim}", "{claim}{mark}"])
def test_a_mark_changes_nothing_about_what_is_cited(
    reader: EvidenceReader, mark: str, form: str
) -> None:
    """Nor are its digits a number of the sentence."""
    claim = "The Pharos was completed in 280 BC."
    answer = form.format(claim=claim, mark=mark)
    found = check(reader, answer)
    [citation] = found.citations
    assert citation["extras"]["passage"] == 0
    assert citation["cited_text"] == "The Pharos of Alexandria was completed in 280 BC."
    assert not found.flags


@pytest.mark.parametrize("answer", ["", "   ", "Is it?", "It is."])
def test_an_answer_without_claims_is_grounded_nowhere(reader: EvidenceReader, answer: str) -> None:
    assert check(reader, answer) == Grounding([], 0.0, ())


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
    found = ground(wrong, TWICE[2:], reader.read(TWICE[2:]), reader, mine)
    assert (found.citations, found.grounded) == ([], 0.0)
