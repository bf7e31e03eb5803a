"""What a question asks for to the letter, and which texts hold it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.phrases import MOST, Phrases, holds, phrases_of


@pytest.mark.parametrize(
    ("question", "quoted", "identifiers"),
    [
        ('Where is "to be or not to be" said?', ("to be or not to be",), ()),
        ("谁说了“天下为公”和「世界大同」？", ("天下为公", "世界大同"), ()),
        ("Which way is “smart” or «plus»?", ("smart", "plus"), ()),
        ("What does `n_batch` do?", ("n_batch",), ()),
        ("What does max_batch_size limit?", (), ("max_batch_size",)),
        ("llama_decode是做什么的？", (), ("llama_decode",)),
        ("Is Python 3.11.4 enough?", (), ("3.11.4",)),
        ("Who calls os.getcwd() here?", (), ("os.getcwd",)),
        ("What is std::vector?", (), ("std::vector",)),
        ("What does --dry-run do?", (), ("--dry-run",)),
        ("Is a BaseChatModel a Runnable?", (), ("BaseChatModel",)),
        ("Is CVE-2024-3094 mended?", (), ("CVE-2024-3094",)),
        ("Don't we know what it's for? They're 3.5% better in 2015.", (), ()),
        ("How tall was McDonald in the U.S. at 12.30?", (), ()),
        ('An open " is no phrase, an empty "" neither, 5" and 6" long', (), ()),
    ],
)
def test_quotation_marks_and_looks_tell_phrases(
    question: str, quoted: tuple[str, ...], identifiers: tuple[str, ...]
) -> None:
    assert phrases_of(question) == Phrases(quoted, identifiers)


@given(st.text(max_size=300))
def test_any_question_has_few_phrases_and_all_of_them_stand_in_it(question: str) -> None:
    found = phrases_of(question)
    assert len(found.quoted) + len(found.identifiers) <= MOST
    assert all(phrase in question for phrase in (*found.quoted, *found.identifiers))


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("He said: To be,\n or not", "to be, or"),
        ("Beyoncé sang", "beyonce"),
        ("ＧＰＴ－4", "GPT-4"),
        ("他主张天下\n为公。", "天下为公"),
        ("call max_batch_size(4)", "max_batch_size"),
        ("Python v3.11.4 and later", "3.11.4"),
        ("需要Python 3.11.4以上", "3.11.4"),
    ],
)
def test_case_accents_widths_and_line_breaks_do_not_matter(text: str, phrase: str) -> None:
    assert holds(text, phrase)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("a part of it", "art"),
        ("max_batch_size", "batch_size"),
        ("version 3.11.42", "3.11.4"),
        ("version 13.11.4", "3.11.4"),
        ("0.3.11.4", "3.11.4"),
        ("to be or", "to be or not"),
        ("anything", "  "),
    ],
)
def test_parts_of_longer_words_are_no_holders(text: str, phrase: str) -> None:
    assert not holds(text, phrase)


@given(st.text(min_size=1, max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_a_text_holds_itself_between_spaces(phrase: str, before: str, after: str) -> None:
    # Where folding leaves something of it: white space alone is no phrase.
    if holds(phrase, phrase):
        assert holds(f"{before} , {phrase} , {after}", phrase)


def test_a_long_word_takes_no_long_time() -> None:
    assert phrases_of("a" * 20_000 + "_ " + "aB" * 20_000).quoted == ()
