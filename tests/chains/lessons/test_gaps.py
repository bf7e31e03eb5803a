"""Questions made of a passage's own sentences."""

from chains.lessons.example import Passage
from chains.lessons.gaps import AROUND, with_gaps

MILL = Passage(
    "The mill was built by Anna Runa in 1874 on the river Lune, where forty people worked.[3] "
    "It burned down on March 5, 1901, and the owners paid $3,000 to 27 families. "
    "The wooden wheel was replaced by a turbine, which drove the looms of the whole valley. Short.",
    "Mill",
    "mill",
)
NOTHING = Passage("it was. so it is. 它建于1874年。", "Nothing", "nothing")


def test_an_answer_stands_in_its_passage_and_not_in_its_question() -> None:
    for seed in range(40):
        for example in with_gaps([MILL], 5, seed):
            (answer,) = example.answers
            assert answer in example.passage.text
            assert answer.lower() not in example.question.lower()
            assert example.question.endswith("?")
            assert len(example.question.split()) <= 2 * AROUND + 4


def test_the_kinds_of_things_in_gaps_are_asked_for_in_their_own_words() -> None:
    asked = {e.answers[0]: e.question for seed in range(60) for e in with_gaps([MILL], 5, seed)}
    assert {"1874", "March 5, 1901", "$3,000", "Anna Runa", "27", "turbine"} <= asked.keys()
    words = {"1874": ("when", "what year"), "$3,000": ("how much",), "27": ("how many",)}
    for answer, ways in words.items():
        assert any(way in asked[answer].lower() for way in ways)


def test_no_two_are_about_one_sentence_and_there_are_as_many_as_wanted_at_most() -> None:
    assert len(list(with_gaps([MILL], 2, 0))) == 2
    assert len(list(with_gaps([MILL], 9, 0))) <= 3
    assert list(with_gaps([NOTHING], 9, 0)) == []


def test_marks_of_notes_are_gone_and_the_passage_keeps_its_title_and_group() -> None:
    example = next(with_gaps([MILL], 1, 0))
    assert "[3]" not in example.passage.text
    assert (example.passage.title, example.passage.group) == ("Mill", "mill")


def test_a_seed_gives_the_same_again_and_another_seed_others() -> None:
    assert list(with_gaps([MILL], 3, 1)) == list(with_gaps([MILL], 3, 1))
    assert any(list(with_gaps([MILL], 3, 1)) != list(with_gaps([MILL], 3, n)) for n in range(2, 9))
