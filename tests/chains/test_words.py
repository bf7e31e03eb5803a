"""Content words and numbers."""

from chains.words import content_words, numbers, overlap


def test_words_that_say_nothing_are_no_content_words() -> None:
    assert content_words("What is the height of it?") == {"height"}
    assert content_words("它的高度是多少") == {"高度"}
    assert content_words("Yes.") == {"yes"}
    assert not content_words("It is.")


def test_numbers_are_compared_as_written_without_thousands_commas() -> None:
    assert numbers("9,500 years, 3.14 and 280") == {"9500", "3.14", "280"}
    assert numbers("共1000条") == {"1000"}
    assert not numbers("none")


def test_overlap_is_the_share_of_the_first() -> None:
    assert overlap(frozenset("ab"), frozenset("bc")) == 0.5
    assert overlap(frozenset(), frozenset("b")) == 0
