from pathlib import Path

from chains.evaluation.gold import Gold
from chains.lessons.drafted import as_examples, with_gaps_in
from ingest import Library
from models.embeddings import KvasirEmbeddings


def gold(library: Library, name: str, question: str, answer: str, quote: str) -> Gold:
    source = next(each.source for each in library.store.documents() if each.source.endswith(name))
    return Gold(question=question, answers=(answer,), source=source, quote=quote)


def test_a_drafted_question_comes_with_the_chunk_that_holds_its_quote(library: Library) -> None:
    asked = "How long do cats sleep each day?"
    drafted = gold(library, "cats.txt", asked, "13 hours", "Cats sleep for 13 hours a day.")
    (example,) = as_examples(library, [drafted])
    assert (example.question, example.answers) == (asked, ("13 hours",))
    assert "clowder" in example.passage.text
    assert example.passage.group == drafted.source
    assert example.rivals
    assert all("13 hours" not in rival.text for rival in example.rivals)
    assert example.passage not in example.rivals


def test_a_question_whose_quote_is_nowhere_is_left_out(library: Library) -> None:
    lost = gold(library, "cats.txt", "Who?", "Nobody", "Nobody said this.")
    assert list(as_examples(library, [lost])) == []


def test_sentences_with_a_gap_come_from_chunks_of_the_library(library: Library) -> None:
    found = with_gaps_in(library, 3, seed=1)
    assert 0 < len(found) <= 3
    assert found == with_gaps_in(library, 3, seed=1)
    assert all(example.answers[0] in example.passage.text for example in found)
    assert {Path(example.passage.group).name for example in found} <= {"cats.txt", "lighthouse.txt"}


def test_an_empty_library_has_no_sentences(tmp_path: Path, embedder: KvasirEmbeddings) -> None:
    with Library(tmp_path / "library", embedder=embedder) as empty:
        assert with_gaps_in(empty, 3, seed=1) == []
