"""What is offered to people as a question must read as one."""

import pytest

from chains.evaluation.draft import Draft
from chains.readable import LONGEST, readable

PAGE = "Tea and Q8_0 and LoRA. 推测解码很快。推测解码是谁提出的？ the Tranquil"


@pytest.mark.parametrize(
    ("drafted", "put"),
    [
        ("When was Windows 1.0 released?", "When was Windows 1.0 released?"),
        ("When was it that Microsoft announced a plan?", "When did Microsoft announce a plan?"),
        ("When was it that Ada became its queen?", "When did Ada become its queen?"),
        ("When was it that GPTQ was published by Frantar?", "When was GPTQ published by Frantar?"),
        ("Who or what was Microsoft founded by?", "Who founded Microsoft?"),
        ("Who or what was the Pharos designed by?", "Who designed the Pharos?"),
        (
            "When was Grouped-query attention invented?",
            "When was grouped-query attention invented?",
        ),
        ("What is BM25?", ""),  # too short to be a question of its own
        ("What is the formula BM25?", "What is the formula BM25?"),
        ("What is the script?", ""),
        ("What is Josephine Montilyet?", ""),
        ("When are K-quants a family of formats?", ""),
        ("When was it that the lights yodelled?", ""),
        ("Who or what was the hat given by?", ""),
        ("When was a town established there?", ""),
        ("How many (2) parts does it have?", ""),
        (f"When was {'x' * LONGEST['en']} founded?", ""),
    ],
)
def test_english_questions_are_put_simply_or_not_at_all(drafted: str, put: str) -> None:
    assert readable(Draft(drafted, "an answer", ""), "en", PAGE) == put


@pytest.mark.parametrize(
    ("drafted", "answer", "put"),
    [
        (
            "SGLang 在什么时候提出 RadixAttention？",
            "2023年",
            "SGLang 在什么时候提出 RadixAttention？",
        ),
        ("vLLM 默认每块存放多少个词元？", "16个", "vLLM 默认每块存放多少个词元？"),
        ("天津犹太会堂由谁设计？", "一位建筑师", "天津犹太会堂由谁设计？"),
        ("天津犹太会堂位于哪里？", "天津", "天津犹太会堂位于哪里？"),
        ("推测解码是什么？", "一种快的解码", "推测解码是什么？"),
        ("推测解码是什么？", "一位漫画家", "推测解码是谁？"),
        ("常见的做法是什么？", "每块几百个", ""),
        ("投机采样是什么？", "不在页上", ""),
        ("惜字塔始建于哪里？", "宋代", ""),
        ("llama.cpp 每多少个权重为一块？", "32个", ""),
        ("常见的做法是每块几多少个词元？", "百个", ""),
        ("2 × 32 × 8 × 2 = 多少字节？", "1024字节", ""),
        ("台湾排定在什么时候春节档期？", "2009年", ""),
        ("納許維爾也於什么时候輸給了聯邦軍？", "1864年", ""),
        ("1960年5月4日生于哪里？", "维也纳", ""),
        ("华西临床医学院始于什么时候建立的华西协和大学医科？", "1914年", ""),
        ("低于多少位？", "4位", ""),
    ],
)
def test_chinese_questions_read_well_or_are_left_out(drafted: str, answer: str, put: str) -> None:
    assert readable(Draft(drafted, answer, ""), "zh", PAGE) == put
