"""The numbers and dates in a text, in whatever form they are written, to be compared by value.

1,234 is 1234, "twelve" is 12 and 十二; 1 March 2020, 2020-03-01 and 2020年3月1日 give the same
year, month and day. It does not know what the numbers are of.
"""

import re
import unicodedata
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

from chains.dates import DATE_READERS
from chains.figure import Figure, Found, read_part
from chains.numerals import (
    HAN_DIGITS,
    HAN_NUMERALS,
    HAN_SCALES,
    ONES,
    ORDINALS,
    SCALES,
    english_number,
    han_number,
    scaled,
)
from chains.units import CURRENCIES, UNIT, unit_name

LONGEST = 60  # characters of a number that are read: longer ones are keys and hashes


@lru_cache(maxsize=4096)
def figures(text: str) -> tuple[Figure, ...]:
    """The numbers of a text, in its order; words that look like some ("one of", 一些) are none.

    A date gives a figure each for its year, month and day; 1914–18 gives 1914 and 1918.
    """
    left = _folded(text)
    found: list[Figure] = []
    for pattern, read in (*DATE_READERS, *_READERS):
        reached, rest = 0, []
        for match in pattern.finditer(left):
            if match.start() < reached:
                continue
            new = [f for f in read(match) if f is not None]
            if not new:
                continue
            end = max(figure.end for figure in new)
            found += [Figure(f.value, f.unit, f.start, f.end, text[f.start : f.end]) for f in new]
            rest += [left[reached : match.start()], "\x00" * (end - match.start())]
            reached = end
        left = "".join(rest) + left[reached:]
    return tuple(sorted(found, key=lambda figure: (figure.start, figure.end)))


def missing(wanted: tuple[Figure, ...], text: str) -> list[Figure]:
    """Those of the figures that do not stand in a text."""
    there = figures(text)
    return [figure for figure in wanted if not any(figure.agrees(other) for other in there)]


def _folded(text: str) -> str:
    """Full-width digits and marks as ASCII, character for character; raised digits are blanks."""
    if text.isascii():
        return text
    return "".join(_fold(character) for character in text)


@lru_cache(maxsize=8192)
def _fold(character: str) -> str:
    if character < "\x80" or character in "½¼¾⅓⅔²":
        return character
    if "<su" in unicodedata.decomposition(character):
        return " "
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 else character


# ---- numbers

_MONEY = "|".join(re.escape(sign) for sign in CURRENCIES)
_DIGITS = re.compile(
    rf"(?P<sign>{_MONEY})?\s?(?<![\d.])"
    r"(?P<n>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)*)(?P<part>[½¼¾⅓⅔])?"
    r"(?P<nth>(?:st|nd|rd|th|s)\b)?"
    rf"(?:\s?-?(?P<scale>{'|'.join(SCALES)})\b|(?P<han>[{HAN_SCALES}]{{1,4}})(?![米克瓦卡赫]))?"
)
_FRACTION = re.compile(r"(?<![\d/.])(\d{1,3})/(\d{1,4})(?![\d/])")
_ENGLISH_FRACTION = re.compile(
    r"\b(one|two|three|four|five|six|seven|eight|nine)[\s-]"
    r"(thirds?|quarters?|fourths?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?)\b",
    re.IGNORECASE,
)
_WORD = "|".join(sorted(ONES | ORDINALS | SCALES, key=len, reverse=True))
_WORDS = re.compile(
    rf"\b(?:a\s+(?=hundred|thousand|million|billion|dozen))?(?:{_WORD})"
    rf"(?:(?:[\s-]+and)?[\s-]+(?:{_WORD}))*\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"(?:of|can|could|may|might|must|should|would|who|whose|that|is|was|has|another|day|side|hand"
    r"|such|among|by|or|more|else)\b",
    re.IGNORECASE,
)
_BEFORE_PRONOUN = re.compile(
    r"\b(?:no|any|every|each|the|this|that|which|some|a|at|only|another|last|other|first)\s+$",
    re.IGNORECASE,
)
_NTH = re.compile(rf"第\s?(?P<n>\d{{1,9}}|[{HAN_NUMERALS}]{{1,9}})")
_SHARE = re.compile(
    rf"(?P<b>[{HAN_NUMERALS}万]{{1,9}}|\d{{1,9}})分之"
    rf"(?P<a>[{HAN_NUMERALS}点]{{1,9}}|\d{{1,9}}(?:\.\d{{1,9}})?)"
)
_COUNTED = (
    "个個次名位种條条座所家部首届屆年岁歲分倍成支队場场週周天日时時度层層艘架颗顆台辆輛篇本册册张張"
    "只隻头頭匹项項间間片件套枚段句章节節级級代世人票秒吨噸米里尺寸公千万亿点點胜勝负負局轮輪球星月号號"
)
_HAN = re.compile(
    rf"(?<![{HAN_NUMERALS}第几幾数數])(?P<n>[{HAN_NUMERALS}][{HAN_SCALES}{HAN_DIGITS}]{{0,30}})"
    rf"(?:点(?P<tenths>[{HAN_DIGITS}]{{1,9}}))?"
)
_IDIOM = re.compile(
    "万一|千万(?!元|人|美|英|年|吨|个|名|册)|十分|百姓|一一|万万|百万富翁|三三两两|五四|六四|百度"
)


def _unit(match: re.Match[str], end: int) -> tuple[str, int]:
    """The unit that stands behind a number, and where it ends."""
    behind = UNIT.match(match.string, end)
    return (unit_name(behind[1] or behind[2]), behind.end()) if behind else ("", end)


def _digits(match: re.Match[str]) -> Found:
    written = match["n"].replace(",", "")[:LONGEST].rstrip(".")
    if written.count(".") > 1:  # a version, an address: its parts, each for itself
        place = match.start("n")
        for part in written.split("."):
            if part:
                yield Figure(Fraction(int(part)), "", place, place + len(part), "")
            place += len(part) + 1
        return
    value = Fraction(written)
    if match["part"]:
        value += Fraction(unicodedata.numeric(match["part"])).limit_denominator(100)
    if match["scale"]:
        value *= SCALES[match["scale"]]
    elif match["han"]:
        value = scaled(value, match["han"])
    unit, end = _unit(match, match.end())
    if match["sign"]:
        unit = CURRENCIES[match["sign"]]
    elif match["nth"] and match["nth"] != "s" and not unit:
        unit = "nth"
    yield Figure(value, unit, match.start("n"), end, "")


def _fraction(match: re.Match[str]) -> Found:
    if int(match[2]):
        yield Figure(Fraction(int(match[1]), int(match[2])), "", *match.span(), "")


def _english_fraction(match: re.Match[str]) -> Found:
    parts = "quarter" if match[2].lower().startswith("quarter") else match[2].lower().rstrip("s")
    whole = 4 if parts == "quarter" else ORDINALS[parts]
    yield Figure(Fraction(ONES[match[1].lower()], whole), "", *match.span(), "")


def _words(match: re.Match[str]) -> Found:
    written = match.group().lower()
    if written == "one" and _is_pronoun(match):
        return
    if written in ("first", "second") and not match.string[: match.start()].strip("\x00 -*\"'“"):
        return
    if written in SCALES:
        return
    read = english_number(written)
    if read is None:  # "one three": each for itself
        for word in re.finditer(r"[a-z]+", written):
            if single := english_number(word.group()):
                start = match.start() + word.start()
                yield Figure(Fraction(single[0]), "", start, start + len(word.group()), "")
        return
    unit, end = _unit(match, match.end())
    yield Figure(Fraction(read[0]), unit or ("nth" if read[1] else ""), match.start(), end, "")


def _is_pronoun(match: re.Match[str]) -> bool:
    before, behind = match.string[: match.start()], match.string[match.end() :].lstrip()
    return bool(
        not behind[:1].isalnum() or _PRONOUN.match(behind) or _BEFORE_PRONOUN.search(before)
    )


def _nth(match: re.Match[str]) -> Found:
    unit, end = _unit(match, match.end())
    part = read_part(match, "n", unit or "nth")
    yield Figure(part.value, part.unit, match.start(), end, "") if part else None


def _share(match: re.Match[str]) -> Found:
    whole = 100 if match["b"] == "百" else _han_or_digits(match["b"])
    share = _han_or_digits(match["a"])
    if whole and share is not None:
        percent = whole == 100
        yield Figure(share if percent else share / whole, "%" * percent, *match.span(), "")


def _han_or_digits(text: str) -> Fraction | None:
    if text[0].isdigit() and text[0] < "\x80":
        return Fraction(text)
    whole, _, tenths = text.partition("点")
    value = (
        (scaled(Fraction(1), whole) if whole in HAN_SCALES else han_number(whole)) if whole else 0
    )
    if value is None or (tenths and any(digit not in HAN_DIGITS for digit in tenths)):
        return None
    return Fraction(value) + _tenths(tenths)


def _tenths(digits: str) -> Fraction:
    return sum(
        (Fraction(han_number(digit) or 0, 10**place) for place, digit in enumerate(digits, 1)),
        Fraction(0),
    )


def _han(match: re.Match[str]) -> Found:
    written, behind = match["n"], match.string[match.end() : match.end() + 1]
    if _IDIOM.match(match.string, match.start()) or behind in (
        "几",
        "数",
        "余" if len(written) == 1 else "几",
    ):
        return
    if written in ("一", "千", "百", "万", "亿", "十") and (
        written != "一" or behind not in "月号"
    ):
        return
    if len(written) == 1 and not match["tenths"] and (not behind or behind not in _COUNTED):
        return
    value = han_number(written)
    if value is None:
        return
    unit, end = _unit(match, match.end())
    number = Fraction(value) + _tenths(match["tenths"] or "")
    yield Figure(number, unit, match.start("n"), end, "")


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Found]], ...] = (
    (_SHARE, _share),
    (_NTH, _nth),
    (_FRACTION, _fraction),
    (_ENGLISH_FRACTION, _english_fraction),
    (_DIGITS, _digits),
    (_HAN, _han),
    (_WORDS, _words),
)
