"""What a sentence denies, and whether another one denies or affirms it, or says the opposite.

Words and their order alone: it does not parse, and where it cannot tell it sees no conflict.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from chains.antonyms import opposites
from chains.words import STOP, stem
from ingest.segment import tagged

SCOPE = 3  # content words behind a negation that it may deny
_NEGATIONS = frozenset(
    """
    not never no none nobody nothing neither nor cannot without hardly rarely seldom unable lack
    lacks lacked
    不 没 没有 沒有 未 无 無 非 并非 並非 不是 不会 不能 不可 不能够 从未 从不 未曾 未能 不曾
    毫无 并不 并未 尚未 无法 不再 无须 不必 不需 不需要 不用 不要 没能 不得 不应 不应该 不敢 不愿
    不想 不太 不属于 不受 不包括 不存在 不在 不具 不算 绝不 决不 仍未 还未 还没 并没有 没什么
    不允许 不被 不够 不至于 莫 勿
    """.split()
)
_NOT_DENYING = re.compile(
    r"\b(?:not (?:only|just|merely|simply|least|until)|no longer than|no later than|no\.|"
    r"no less|no fewer|no more than|if not|whether or not|not to mention|nothing but)(?= |\d|$)"
    r"|不得不|不能不|不会不|无不|是不是|会不会|能不能|不仅|不但|不只|不光|不止|不单|无非",
    re.IGNORECASE,
)
_WORD = re.compile(
    r"[^\W_\u3400-\u9fff]+(?:['’][^\W\d_]+)?|[\u3400-\u9fff]+|[,;:.!?，；：。！？、]"
)
_SHORTENED = re.compile(r"n['’]t\b|(?<=\bcan)not\b|\bfail(?:ed|s)? to\b", re.IGNORECASE)
_STOPS = frozenset(",;:.!?，；：。！？、")


@dataclass(frozen=True)
class Polarity:
    """The content words of a sentence by stem: which are affirmed, which denied.

    `heads` are those that stand first behind a negation.
    """

    affirmed: frozenset[str]
    denied: frozenset[str]
    heads: frozenset[str]


@lru_cache(maxsize=4096)
def polarity(text: str) -> Polarity:
    """What a sentence affirms and denies."""
    affirmed: set[str] = set()
    denied: set[str] = set()
    heads: set[str] = set()
    left, first = 0, False
    plain = _SHORTENED.sub(" not", text)
    for word in _words(_NOT_DENYING.sub(" ", plain)):
        if word in _STOPS:
            left = left if word == "、" else 0
        elif word in _NEGATIONS:
            left, first = SCOPE, True
        elif word not in STOP and not word[0].isdigit():
            root = stem(word)
            (denied if left else affirmed).add(root)
            if left and first:
                heads.add(root)
                first = False
            left = max(left - 1, 0)
    return Polarity(frozenset(affirmed), frozenset(denied), frozenset(heads))


def conflict(claim: str, sentence: str) -> str:
    """The word that one denies and the other affirms, or whose opposite stands there; else "".

    What stands in the sentence alone may be of another clause, which the claim leaves out.
    """
    mine, theirs = polarity(claim), polarity(sentence)
    for head in sorted(mine.heads - theirs.denied):
        if head in theirs.affirmed:
            return head
    if mine.heads and not theirs.denied and not mine.heads & theirs.affirmed:
        return sorted(mine.heads)[0]  # denied in other words, where nothing is
    for head in sorted((theirs.heads - mine.denied) & mine.affirmed):
        if head not in theirs.affirmed:
            return head
    words, others = mine.affirmed | mine.denied, theirs.affirmed | theirs.denied
    for word in sorted(words - others):
        if opposites(word) & (others - words):
            return word
    return ""


def _words(text: str) -> list[str]:
    """The words in small letters, Chinese as jieba cuts it."""
    words: list[str] = []
    for match in _WORD.finditer(text):
        word = match.group().lower().replace("’", "'")
        if word[0] >= "\u3400" and word not in _STOPS:
            words += [part for part, _ in tagged(word)]
        else:
            words.append(word.removesuffix("'s"))
    return words
