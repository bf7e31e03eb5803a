"""Telling the East Asian encodings apart by how common the characters are that they yield.

Each of these encodings decodes much of what the others wrote, but into rare characters. The
standards sort their characters into a common and a rare part, which is all this needs.
"""

import itertools
from collections.abc import Callable

SURE = 0.5  # below this mean weight the text is in none of them
_SAMPLE = 4000  # characters outside of ASCII

_PUNCTUATION = set("，。、；：？！“”‘’（）《》〈〉「」『』【】—…·・％＋－～　")


def _chinese_simplified(char: str) -> float:
    lead = _lead_byte(char, "gb2312")
    if lead is None or lead in (0xA4, 0xA5):  # outside GB 2312, or kana
        return -1.0 if lead is None else -0.5
    if 0xB0 <= lead <= 0xD7:
        return 0.95
    return 0.2 if lead >= 0xD8 else 0.0


def _chinese_traditional(char: str) -> float:
    lead = _lead_byte(char, "cp950")
    if lead is None or lead < 0xA1:
        return -1.0
    if 0xA4 <= lead <= 0xC6:
        return 0.95
    return 0.2 if lead >= 0xC9 else 0.0


def _shift_jis(char: str) -> float:
    if "\u3041" <= char <= "\u30fe":
        return 1.1
    if "\uff61" <= char <= "\uff9f":  # half-width katakana, single bytes
        return -0.3
    lead = _lead_byte(char, "cp932")
    if lead is None:
        return -1.0
    if 0x88 <= lead <= 0x97:
        return 0.9
    return 0.1 if lead >= 0x98 else 0.0


def _euc_jp(char: str) -> float:
    if "\u3041" <= char <= "\u30fe":
        return 1.1
    lead = _lead_byte(char, "euc_jp")
    if lead is None or lead in (0x8E, 0x8F):
        return -0.5
    if 0xB0 <= lead <= 0xCF:
        return 0.9
    return 0.1 if lead >= 0xD0 else 0.0


def _korean(char: str) -> float:
    if "\uac00" <= char <= "\ud7a3":
        return 1.0 if _lead_byte(char, "euc_kr") is not None else -0.5
    return -0.3


def _lead_byte(char: str, codec: str) -> int | None:
    try:
        return char.encode(codec)[0]
    except UnicodeEncodeError:
        return None


# In order of preference where two score the same; the priors decide the shortest texts only:
# "北京" is two common hanzi in GB 18030 and two common syllables in EUC-KR.
_WEIGHTS: dict[str, tuple[Callable[[str], float], float]] = {
    "gb18030": (_chinese_simplified, 0.2),
    "big5hkscs": (_chinese_traditional, 0.1),
    "cp932": (_shift_jis, 0.1),
    "euc_jp": (_euc_jp, 0.0),
    "cp949": (_korean, 0.0),
}


def plausibility(text: str, codec: str) -> float:
    """How much the text looks written in this encoding: below SURE not at all, at 1 surely."""
    weigh, prior = _WEIGHTS[codec]
    sample = list(itertools.islice((char for char in text if char > "\x7f"), _SAMPLE))
    if not sample:
        return 0.0
    total = sum(0.8 if char in _PUNCTUATION else weigh(char) for char in sample)
    return (total + prior) / len(sample)


def likeliest(data: bytes, errors: str = "strict") -> tuple[str, str] | None:
    """The encoding and the text if the bytes are East Asian text in one of them, else None."""
    best: tuple[float, str, str] | None = None
    for codec in _WEIGHTS:
        try:
            text = data.decode(codec, errors=errors)
        except UnicodeDecodeError:
            continue
        score = plausibility(text, codec)
        if score >= SURE and (best is None or score > best[0]):
            best = (score, codec, text)
    return None if best is None else (best[1], best[2])
