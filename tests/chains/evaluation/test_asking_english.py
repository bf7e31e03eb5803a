"""Questions by rule from English sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.evaluation.asking_english import ask, blank, define


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        (
            "The Pharos of Alexandria was completed in 280 BC.",
            "When was the Pharos of Alexandria completed?",
            "280 BC",
        ),
        (
            "In June 2016, Microsoft announced a project named Azure.",
            "When was it that Microsoft announced a project named Azure?",
            "June 2016",
        ),
        (
            "The company opened a shop in New York on October 26, 2015.",
            "When was it that the company opened a shop in New York?",
            "October 26, 2015",
        ),
        ("Rainier was born in Markham, a city-state.", "Where was Rainier born?", "Markham"),
        (
            "Microsoft was founded by Bill Gates and Paul Allen on April 4, 1975.",
            "Who or what was Microsoft founded by?",
            "Bill Gates and Paul Allen",
        ),
        ("The library has 12 rooms in the east.", "How many rooms does the library have?", "12"),
        (
            "Unbilled receivables totaled $771,293 in the year.",
            "How much did Unbilled receivables total?",
            "$771,293",
        ),
    ],
)
def test_a_sentence_of_a_known_shape_gives_its_question(
    sentence: str, question: str, answer: str
) -> None:
    assert (question, answer) in {(each.question, each.answer) for each in ask(sentence, sentence)}


def test_what_and_who_are_asked_of_definitions() -> None:
    def questions(sentence: str) -> list[str]:
        return [each.question for each in define(sentence, sentence)]

    assert questions("Elfroot is a hardy plant with large leaves.") == ["What is Elfroot?"]
    assert questions("Ada Lovelace was an English mathematician.") == ["Who was Ada Lovelace?"]
    assert questions("Elsewhere on the rink is a strip for curlers.") == []


def test_a_common_word_that_began_the_sentence_gets_a_small_letter() -> None:
    (found,) = define("Cats are a kind of small animal.", "Many cats sleep.")
    assert found.question == "What are cats?"


@pytest.mark.parametrize(
    "sentence", ["Run.", "He sleeps all day.", "", "The cat sat on the mat and was not seen again."]
)
def test_a_sentence_of_another_shape_gives_none(sentence: str) -> None:
    assert list(ask(sentence, sentence)) == []


def test_a_gap_takes_the_place_of_a_number_a_date_or_a_name() -> None:
    found = {each.answer: each.question for each in blank("He met Bill Gates with 4,000 men.", "")}
    assert set(found) == {"Bill Gates", "4,000"}
    assert found["4,000"] == "What belongs in the gap: “He met Bill Gates with ____ men.”"


@given(st.text(alphabet="The wasin12 ,.Aby", max_size=120))
def test_an_answer_stands_in_its_sentence(sentence: str) -> None:
    for rule in (ask, define, blank):
        for draft in rule(sentence, sentence):
            assert draft.answer in sentence
            assert draft.quote == sentence
