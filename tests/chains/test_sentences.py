"""Sentences as spans."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.sentences import is_title, sentences


def parts(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("注意力很重要。为什么？因为它有效！", ["注意力很重要。", "为什么？", "因为它有效！"]),
        ("It grew by 3.5 percent. Then it fell.", ["It grew by 3.5 percent.", "Then it fell."]),
        ("Vaswani et al. wrote it in 2017.", ["Vaswani et al. wrote it in 2017."]),
        ("Dr. Who met Mrs. Smith.", ["Dr. Who met Mrs. Smith."]),
        ("a | b\n1 | 2", ["a | b", "1 | 2"]),
        ("1. First\n2. Second", ["1. First", "2. Second"]),
        ("他说：“好。”然后走了。", ["他说：“好。”", "然后走了。"]),
        ("前半句；后半句。", ["前半句；后半句。"]),
        (
            "SmolLM2 has a context of 8,192 tokens and a RoPE\nbase of 100,000. It is small.",
            ["SmolLM2 has a context of 8,192 tokens and a RoPE\nbase of 100,000.", "It is small."],
        ),
        (
            "旋转位置编码把查询向量和键向量的分量两两配对，每一\n对旋转一个角度。下一句。",
            ["旋转位置编码把查询向量和键向量的分量两两配对，每一\n对旋转一个角度。", "下一句。"],
        ),
        (
            "a row of a table that is long enough | 1 | 2\nanother row | 3 | 4",
            ["a row of a table that is long enough | 1 | 2", "another row | 3 | 4"],
        ),
        (
            "Things that are needed for this recipe to work well\n- butter\n- flour",
            ["Things that are needed for this recipe to work well", "- butter", "- flour"],
        ),
        ("A title\nand what follows it.", ["A title", "and what follows it."]),
        ("no stop at the end", ["no stop at the end"]),
        (" \n\n ", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert parts(text) == expected


@given(st.text(alphabet="ab. !?\n。！”1e.g"))
def test_every_character_that_is_no_space_is_in_exactly_one_sentence(text: str) -> None:
    spans = sentences(text)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    covered = {place for start, end in spans for place in range(start, end)}
    assert covered >= {i for i, c in enumerate(text) if not c.isspace()}
    assert all(text[s:e] == text[s:e].strip() != "" for s, e in spans)


@pytest.mark.parametrize(
    ("sentence", "title"),
    [
        ("KV 缓存是什么", True),
        ("The KV cache", True),
        ("It grows.", False),
        ("它很大。", False),
        ("Llama 2 7B | 32 | 32", False),
        ("a line without a stop that is as long as lines of running text are", False),
    ],
)
def test_a_title_is_a_short_line_without_a_stop(sentence: str, title: bool) -> None:
    assert is_title(sentence) == title
