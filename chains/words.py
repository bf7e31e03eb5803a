"""What a sentence is about: its content words and its numbers, for comparing two sentences."""

import re
from functools import lru_cache

from ingest.segment import segment

_STOP = frozenset(
    """
    a an and are as at be been being but by can could did do does for from had has have how i if
    in into is it its may might more most no not of on or our s should so some such than that the
    their them then there these they this those to was we were what when where which while who
    whom whose why will with would you your also about after all any because before both each
    other over under
    的 了 是 在 和 与 及 或 也 都 就 而 并 被 把 对 于 从 到 由 为 以 及其 它 他 她 我 你 们
    这 那 这个 那个 一个 一种 什么 怎么 如何 哪 哪些 哪个 谁 多少 几 吗 呢 吧 啊 中 上 下 里 等
    其 之 所 有 会 能 可以 不 没有 因为 所以 但 但是 如果 则 时 后 前 为什么 是否
    """.split()
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@lru_cache(maxsize=4096)
def content_words(text: str) -> frozenset[str]:
    """The terms of the keyword index, without those that say nothing by themselves."""
    return frozenset(segment(text)) - _STOP


@lru_cache(maxsize=4096)
def numbers(text: str) -> frozenset[str]:
    """The numbers as written, thousands' commas taken out."""
    return frozenset(re.sub(r",(?=\d{3})", "", match) for match in _NUMBER.findall(text))


def overlap(words: frozenset[str], others: frozenset[str]) -> float:
    """The share of `words` that stand in `others`; 0 for no words."""
    return len(words & others) / len(words) if words else 0.0
