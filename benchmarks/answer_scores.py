"""How near an answer comes to gold answers: SQuAD's normalization, characters for Chinese."""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence

_ARTICLES = re.compile(r"\b(a|an|the)\b")


def holds(text: str, golds: Sequence[str]) -> bool:
    """Whether one of the gold answers stands in the text, whatever the case."""
    return any(gold.lower() in text.lower() for gold in golds)


def f1(text: str, golds: Sequence[str], language: str) -> float:
    """The best F1 of the text's words with those of a gold answer."""
    return max(_f1(words(text, language), words(gold, language)) for gold in golds)


def words(text: str, language: str) -> list[str]:
    """What F1 counts: words without case, punctuation and articles; in Chinese characters."""
    if language == "zh":
        return [c for c in text.lower() if unicodedata.category(c)[0] not in "PSZC"]
    plain = "".join(c for c in text.lower() if c not in string.punctuation)
    return _ARTICLES.sub(" ", plain).split()


def _f1(found: list[str], gold: list[str]) -> float:
    if not found or not gold:
        return float(found == gold)
    same = sum((Counter(found) & Counter(gold)).values())
    if not same:
        return 0.0
    precision, recall = same / len(found), same / len(gold)
    return 2 * precision * recall / (precision + recall)
