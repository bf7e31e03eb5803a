"""What a sentence is about: its content words, as they are and by stem, to compare sentences."""

import re
from functools import lru_cache

from ingest.segment import segment

STOP = frozenset(
    """
    a an and are as at be been being but by can could did do does for from had has have how i if
    in into is it its may might more most no not of on or our s should so some such than that the
    their them then there these they this those to was we were what when where which while who
    whom whose why will with would you your also about after all any because before both each
    other over under
    的 了 是 在 和 与 及 或 也 都 就 而 并 被 把 对 于 从 到 由 为 以 及其 它 他 她 我 你 们 这
    那 这个 那个 一个 一种 什么 怎么 如何 哪 哪些 哪个 谁 多少 几 吗 呢 吧 啊 中 上 下 里 等 其
    之 所 有 会 能 可以 不 没有 因为 所以 但 但是 如果 则 时 后 前 为什么 是否
    """.split()
)
_DIGIT = re.compile(r"\d")
_ENDINGS = (
    ("ations", ""), ("ation", ""), ("ities", "ity"), ("ically", "ic"), ("ously", "ous"),
    ("fully", "ful"), ("ingly", ""), ("edly", ""), ("ments", "ment"), ("nesses", ""), ("ness", ""),
    ("ions", ""), ("ion", ""), ("ies", "y"), ("ied", "y"), ("sses", "ss"), ("ches", "ch"),
    ("shes", "sh"), ("xes", "x"), ("ing", ""), ("ed", ""), ("ers", ""), ("ors", ""), ("or", ""),
    ("er", ""), ("ly", ""), ("es", ""), ("ss", "ss"), ("us", "us"), ("is", "is"), ("s", ""),
)  # fmt: skip
_IRREGULAR = {
    form: forms.split()[0]
    for forms in (
        "begin began begun",
        "win won",
        "lose lost",
        "build built",
        "buy bought",
        "sell sold",
        "make made",
        "take took taken",
        "give gave given",
        "go went gone",
        "come came",
        "become became",
        "write wrote written",
        "lead led",
        "leave left",
        "hold held",
        "know knew known",
        "find found",
        "fight fought",
        "bring brought",
        "teach taught",
        "think thought",
        "say said",
        "see saw seen",
        "send sent",
        "spend spent",
        "run ran",
        "rise rose risen",
        "fall fell fallen",
        "grow grew grown",
        "draw drew drawn",
        "speak spoke spoken",
        "break broke broken",
        "choose chose chosen",
        "drive drove driven",
        "get got gotten",
        "keep kept",
        "meet met",
        "tell told",
        "pay paid",
        "stand stood",
        "understand understood",
        "sit sat",
        "bear bore born",
        "lie lay lain",
        "wear wore worn",
        "man men",
        "woman women",
        "child children",
        "foot feet",
        "tooth teeth",
        "mouse mice",
        "person people",
        "life lives",
        "die died dies dying death",
        "good better best",
        "bad worse worst",
        "form formed forms",
        "show showed shown",
        "feel felt",
        "arise arose",
        "sing sang sung",
        "sink sank sunk",
        "swim swam",
        "steal stole stolen",
        "throw threw thrown",
        "shoot shot",
        "catch caught",
        "seek sought",
        "lay laid",
        "eat ate eaten",
    )
    for form in forms.split()
}
_IRREGULAR |= {word: word for word in ("better", "best", "worse", "worst", "death")}
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@lru_cache(maxsize=4096)
def content_words(text: str) -> frozenset[str]:
    """The terms of the keyword index, without those that say nothing by themselves."""
    return frozenset(segment(text)) - STOP


@lru_cache(maxsize=4096)
def numbers(text: str) -> frozenset[str]:
    """The numbers as written, thousands' commas taken out."""
    return frozenset(re.sub(r",(?=\d{3})", "", match) for match in _NUMBER.findall(text))


@lru_cache(maxsize=4096)
def stems(text: str) -> frozenset[str]:
    """The content words without endings and without numbers, which are compared by value."""
    return frozenset(stem(word) for word in content_words(text) if not _DIGIT.search(word))


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """An English word without its usual endings, small; one in any other script as it is.

    Rough, but alike for words that belong together: "constructed" and "construction" give
    "construct".
    """
    word = word.lower()
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if not word.isascii() or len(word) < 4:
        return word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)] + instead
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lse":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def overlap(words: frozenset[str], others: frozenset[str]) -> float:
    """The share of `words` that stand in `others`; 0 for no words."""
    return len(words & others) / len(words) if words else 0.0
