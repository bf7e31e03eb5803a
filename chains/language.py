"""The language that a person writes in: Chinese or English, the two that Kvasir speaks."""

import re
from typing import Literal

Language = Literal["zh", "en"]

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_KANA_OR_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_WORD = re.compile(r"[^\W\d_\u3400-\u9fff]+")


def language_of(text: str) -> Language:
    """ "zh" when the text is Chinese for the most part, a Han character weighing as a word.

    A Chinese question full of English terms is still Chinese; Japanese and Korean are not.
    """
    if _KANA_OR_HANGUL.search(text):
        return "en"
    return "zh" if len(_HAN.findall(text)) > len(_WORD.findall(text)) else "en"
