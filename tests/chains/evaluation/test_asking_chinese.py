"""Questions by rule from Chinese sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.evaluation.asking_chinese import ask, blank, define


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        (
            "亚历山大灯塔于公元前280年建成，高度超过100米。",
            "亚历山大灯塔于什么时候建成？",
            "公元前280年",
        ),
        ("天水围河有3条支流，全长27公里。", "天水围河有多少条支流？", "3条"),
        ("两侧设有四个站台，互相连接。", "两侧设有多少个站台？", "四个"),
        ("红茶起源于福建武夷山，是全发酵茶。", "红茶起源于哪里？", "福建武夷山"),
        ("灯塔由索斯特拉图斯设计，用石头砌成。", "灯塔由谁设计？", "索斯特拉图斯"),
        ("城市人口的12.5%来自外地。", "城市人口的百分之多少来自外地？", "12.5%"),
    ],
)
def test_the_word_that_asks_stands_where_the_answer_stood(
    sentence: str, question: str, answer: str
) -> None:
    assert (question, answer) in {(each.question, each.answer) for each in ask(sentence, sentence)}


@pytest.mark.parametrize(
    "sentence",
    [
        "从1995年－2002年都是如此。",
        "太平元年（256年）十一月。",
        "第3个人来了，很高兴。",
        "比分为3:2。",
        "",
    ],
)
def test_ranges_brackets_and_ordinals_are_left_alone(sentence: str) -> None:
    assert list(ask(sentence, sentence)) == []


def test_what_is_asked_of_definitions() -> None:
    (found,) = define("观念艺术是现代艺术的一种流派。", "")
    assert (found.question, found.answer) == ("观念艺术是什么？", "现代艺术的一种流派")
    assert list(define("很多人认为这是一件非常好的事情。", "")) == []


def test_a_gap_takes_the_place_of_a_title_a_name_or_a_number() -> None:
    found = {each.answer for each in blank("曹雪芹写了《红楼梦》，用LLaMA翻译了1200页。", "")}
    assert found == {"《红楼梦》", "LLaMA", "1200"}


@given(st.text(alphabet="于在年由位是个人，。1230《》设计A", max_size=80))
def test_an_answer_stands_in_its_sentence(sentence: str) -> None:
    for rule in (ask, define, blank):
        for draft in rule(sentence, sentence):
            assert draft.answer in sentence
            assert draft.quote == sentence
