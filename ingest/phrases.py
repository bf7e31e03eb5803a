"""What a question asks for to the letter: phrases in quotes, and identifiers of code and versions.

It does not know the index or the database.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ingest.segment import folded

LONGEST = 200
"""Characters: what is longer between two quotation marks was not meant as a phrase."""

MOST = 8
"""Phrases of a question that are looked up."""

_QUOTED = re.compile(
    r'"(?=\S)([^"\n]+)(?<=\S)"|“([^”\n]+)”|„([^“”\n]+)[“”]|«([^»\n]+)»|「([^」\n]+)」|『([^』\n]+)』|`([^`\n]+)`'
)
_IDENTIFIER = re.compile(
    r"""
    (?<![\w./-])(?:
        [A-Za-z_]\w*(?:(?:::|->|\.)[A-Za-z_]\w*)*\(\)   # call(), os.getcwd()
      | [A-Za-z]\w*(?:::[A-Za-z_]\w*)+                    # std::vector
      | \w*[A-Za-z0-9]_[A-Za-z0-9]\w*                     # max_batch_size
      | __[A-Za-z0-9]\w*                                  # __init__
      | --[a-z][a-z0-9]*(?:-[a-z0-9]+)*                   # --dry-run
      | [a-z][a-z0-9]*(?:[A-Z][a-z0-9]+)+                 # camelCase
      | [A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*){2,}              # BaseChatModel
      | v?\d+(?:\.\d+){2,}                                # 3.11.4
      | [A-Z]{2,}[A-Z0-9]*-\d[\w-]*                       # CVE-2024-3094
    )(?![\w/]|[.-]\w)
    """,
    re.VERBOSE | re.ASCII,
)
_SPACE = re.compile(r"\s+")
_BETWEEN_HAN = re.compile(
    r"(?<=[\u3000-\u9fff\uff00-\uffef])\s+|\s+(?=[\u3000-\u9fff\uff00-\uffef])"
)
_LATIN = re.compile(r"[a-z0-9_]", re.ASCII)


@dataclass(frozen=True)
class Phrases:
    """What a question asks for to the letter: in its quotation marks, and by the look of it."""

    quoted: tuple[str, ...]
    identifiers: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.quoted or self.identifiers)


def phrases_of(question: str) -> Phrases:
    """The phrases of a question, MOST at most; an identifier in quotes counts as quoted."""
    quoted = [next(filter(None, match.groups())) for match in _QUOTED.finditer(question)]
    quoted = [each.strip() for each in quoted if each.strip() and len(each) <= LONGEST]
    rest = _QUOTED.sub(" ", question)
    identifiers = [match.group().removesuffix("()") for match in _IDENTIFIER.finditer(rest)]
    quoted = list(dict.fromkeys(quoted))[:MOST]
    identifiers = [each for each in dict.fromkeys(identifiers) if each not in quoted]
    return Phrases(tuple(quoted), tuple(identifiers[: MOST - len(quoted)]))


def holds(text: str, phrase: str) -> bool:
    """Whether the phrase stands in the text, whole words of it.

    Case, accents, widths and line breaks do not matter.
    """
    wanted = _even(phrase)
    return bool(wanted) and _pattern(wanted).search(_even(text)) is not None


@lru_cache(maxsize=256)
def _pattern(phrase: str) -> re.Pattern[str]:
    """The phrase, not as a part of a longer word; a version may follow its "v"."""
    left, right = "", ""
    if _LATIN.match(phrase[0]):
        left = r"(?<![0-9])(?<![0-9]\.)" if phrase[0].isdigit() else r"(?<![a-z0-9_])"
    if _LATIN.match(phrase[-1]):
        right = r"(?![0-9])" if phrase[-1].isdigit() else r"(?![a-z0-9_])"
    return re.compile(left + re.escape(phrase) + right, re.ASCII)


def _even(text: str) -> str:
    """The text folded, with single spaces, and none beside Chinese characters."""
    return _BETWEEN_HAN.sub("", _SPACE.sub(" ", folded(text))).strip()
