"""Telling text that a broken font or encoding made from text that somebody wrote."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

GARBLED = 0.15
"""A text with this score or more is garbled."""

_FEW = 40  # characters: in less, one odd character does not make a text garbled
_SAMPLE = 20_000
_CID = re.compile(r"\(cid:\d+\)")
# UTF-8 read as Latin-1: a lead byte and all that must follow it, as letters.
_MOJIBAKE = re.compile(
    "[\u00c3-\u00df][\u0080-\u00bf]|[\u00e0-\u00ef][\u0080-\u00bf]{2}|[\u00f0-\u00f4][\u0080-\u00bf]{3}"
)
# Windows-1252 has letters and marks where Latin-1 has controls.
_WINDOWS = {
    ord(bytes([byte]).decode("cp1252")): byte
    for byte in range(0x80, 0xA0)
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
# Characters of the common parts of the standards: level 1 of GB 2312, Big5 and Shift-JIS, and
# the syllables of EUC-KR.
_COMMON = (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6), ("shift_jis", 0x88, 0x97))
_RARE_LATIN = re.compile(
    "[\u0180-\u018e\u0190-\u019f\u01a2-\u01ae\u01b1-\u01cc\u01dd-\u0217\u021c-\u024f]"
)


def garbled(text: str) -> float:
    """The share of a text's characters that nobody would have written, from 0 to 1.

    Counted are replacement, private-use, unassigned and control characters, "(cid:12)", UTF-8
    read as Latin-1, and hanzi, hangul and Latin letters that are in no standard's common part.
    """
    sample = "".join(text[:_SAMPLE].split())
    if not sample:
        return 0.0
    cids = sum(len(match.group()) for match in _CID.finditer(sample))
    as_bytes = sample.translate(_WINDOWS)
    misread = sum(len(match.group()) for match in _MOJIBAKE.finditer(as_bytes))
    odd = sum(_is_odd(char) for char in sample)
    return min(1.0, (cids + misread + odd) / max(len(sample), _FEW))


@lru_cache(maxsize=20_000)
def _is_odd(char: str) -> bool:
    if char < "\u0180":
        return char < " " or "\x7f" <= char < "\xa0"
    if "\u3400" <= char <= "\u9fff" or char >= "\U00020000":
        return not any(_lies_in(char, *part) for part in _COMMON)
    if "\uac00" <= char <= "\ud7a3":
        return not _lies_in(char, "euc_kr", 0xB0, 0xC8)
    if char == "\ufffd" or _RARE_LATIN.match(char):
        return True
    return unicodedata.category(char) in ("Co", "Cn", "Cs", "Cc")


def _lies_in(char: str, codec: str, first: int, last: int) -> bool:
    try:
        return first <= char.encode(codec)[0] <= last
    except UnicodeEncodeError:
        return False
