from chains.evaluation.gold import Gold
from chains.lessons.drafted import as_examples
from ingest import Library


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
