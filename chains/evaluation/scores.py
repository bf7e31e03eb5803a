"""How near a text comes to gold answers, in English and in Chinese.

Words are SQuAD's (Rajpurkar et al. 2016: no case, punctuation or articles); Han characters count
one by one, as in CMRC 2018 (Cui et al. 2019), so that no segmentation decides.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_ARTICLE_FIRST = re.compile(r"^(?:a|an|the) (?=\S)")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_SPACE_AT_HAN = re.compile(rf"(?<=[{_HAN}]) | (?=[{_HAN}])")
_TOKEN = re.compile(rf"[{_HAN}]|[^\s{_HAN}]+")
_SAME = str.maketrans("‘’“”„‐‑‒–—−。、", '\'\'"""------.,')
_SPACED = r"[^\W_\u2e80-\U0003ffff]"  # a letter or digit of a script that puts spaces between words
_BEFORE, _AFTER = rf"(?<!{_SPACED})(?<!\d[.,])", rf"(?!{_SPACED})(?![.,]\d)"


def holds(text: str, golds: Sequence[str]) -> bool:
    """Whether one of the gold answers stands in the text, as whole words.

    Case, full or half width, the kind of quotation marks and dashes, thousands' commas, spaces
    beside Han characters, and an article before or a stop behind the gold answer don't matter.
    """
    plain = _plain(text)
    return any(_stands(_bare(gold), plain) for gold in golds)


def f1(text: str, golds: Sequence[str]) -> float:
    """The best F1 of the text's words with those of a gold answer; 0 without gold answers."""
    return max((_f1(words(text), words(gold)) for gold in golds), default=0.0)


def words(text: str) -> list[str]:
    """What F1 counts: words without case, punctuation and articles, and each Han character."""
    folded = unicodedata.normalize("NFKC", text).lower()
    kept = "".join(c for c in folded if not unicodedata.category(c).startswith(("P", "S")))
    return _TOKEN.findall(_ARTICLES.sub(" ", kept))


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).translate(_SAME).lower()
    spaced = _THOUSANDS.sub("", " ".join(folded.split()))
    return _SPACE_AT_HAN.sub("", spaced)


def _bare(gold: str) -> str:
    plain = _ARTICLE_FIRST.sub("", _plain(gold))
    return plain.strip(" .,;:!?\"'") or plain


def _stands(gold: str, text: str) -> bool:
    if not gold:
        return False
    before = _BEFORE if re.match(_SPACED, gold) else ""
    after = _AFTER if re.match(_SPACED, gold[-1]) else ""
    return re.search(before + re.escape(gold) + after, text) is not None


def _f1(found: list[str], gold: list[str]) -> float:
    if not found or not gold:
        return float(found == gold)
    same = sum((Counter(found) & Counter(gold)).values())
    if not same:
        return 0.0
    precision, recall = same / len(found), same / len(gold)
    return 2 * precision * recall / (precision + recall)
