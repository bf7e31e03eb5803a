"""The language that a document is written in, by its script and its commonest words.

It knows a few languages, and says "" rather than guess among the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain, islice

SAMPLE = 20_000
"""Characters of a document that are looked at, from its beginning."""

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_LATIN = re.compile(r"[a-zà-öø-ÿœß]+")
_OTHER = re.compile(r"[^\W\d_a-zà-öø-ÿœß\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]")

# Words that a language cannot do without, and that are rare or absent in the others.
_COMMON = {
    "en": "the of and to is that for with was are this from by which have not it be on",
    "de": "der die und das ist nicht mit von zu den ein eine auf für dem des sich auch",
    "fr": "le les et des est une dans que pour du sur pas qui au avec par ce sont",
    "es": "el los y las que una por con para del es como más pero su al lo se",
    "it": "il di che della per gli una con non è del sono nel alla anche più le dei",
    "pt": "o os que uma não com para do da em por mais dos das ao são como também",
    "nl": "het een van en is dat niet op te zijn voor met aan door ook bij maar wordt",
}
_WORDS = {name: frozenset(words.split()) for name, words in _COMMON.items()}


def language_of(texts: Iterable[str]) -> str:
    """ "zh", "ja", "ko", "en", "de", "fr", "es", "it", "pt" or "nl"; "" for any other and for none.

    Of the texts the first SAMPLE characters count. A Han character weighs as a word. Latin letters
    without any of the words known here (a table of parts, say) count as English.
    """
    text = "".join(islice(chain.from_iterable(texts), SAMPLE)).lower()
    han, kana, hangul, other = (
        len(found.findall(text)) for found in (_HAN, _KANA, _HANGUL, _OTHER)
    )
    words = _LATIN.findall(text)
    most = max(han + kana, hangul, len(words), other // 5)
    if not most or most == other // 5:
        return ""
    if most == han + kana:
        return "ja" if kana > han // 5 else "zh"
    if most == hangul:
        return "ko"
    counts = {name: sum(word in common for word in words) for name, common in _WORDS.items()}
    return max(counts, key=lambda name: counts[name])
