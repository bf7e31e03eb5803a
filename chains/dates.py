"""Dates in the forms that English and Chinese texts give them, as figures of their parts."""

import re
from collections.abc import Callable
from fractions import Fraction

from chains.figure import Figure, Found, read_part
from chains.numerals import HAN_NUMERALS

_MONTHS = (
    "january february march april may june july august september october november december"
).split()
_MONTH = "|".join(f"{name.title()}|{name.title()[:3]}" for name in _MONTHS) + "|Sept"
_DAY = r"\d{1,2}"
_ENGLISH_DATE = re.compile(
    rf"(?<![\d.,])(?P<d>{_DAY})(?:st|nd|rd|th)?(?:\s+of)?\s+(?P<m>{_MONTH})\b\.?(?:,?\s+(?P<y>\d{{4}}))?"
    rf"|\b(?P<m2>{_MONTH})\b\.?\s+(?P<d2>{_DAY})(?:st|nd|rd|th)?(?![\d,]\d)(?!\d)(?:,?\s+(?P<y2>\d{{4}}))?"
    rf"|\b(?P<m3>{_MONTH})\b\.?,?\s+(?P<y3>\d{{4}})"
    rf"|(?:\b(?:[Ii]n|[Oo]f|[Ss]ince|[Uu]ntil|[Bb]y|early|late|mid|last|to|and|[Ff]rom)[\s-]+)"
    rf"(?P<m4>{_MONTH})\b"
)
_ISO = re.compile(r"(?<![\d.])(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?![\d.]*\d)")
_LOCAL = re.compile(r"(?<![\d./])(\d{1,2})([/.])(\d{1,2})\2(\d{4})(?!\d)")
_CLOCK = re.compile(r"(?<![\d:])(\d{1,2})[:：](\d{2})(?![\d:])")
_YEARS = re.compile(r"(?<![\d.,])(\d{2})(\d{2})\s?[-–—/]\s?(\d{2})(?![\d.,]*\d|[-/]\d)")
_N = rf"(?:\d{{1,5}}|[{HAN_NUMERALS}]{{1,9}})"
_HAN_DATE = re.compile(
    rf"(?:(?P<y>{_N})\s?年\s?)?(?:(?P<m>{_N})\s?月(?:份|\s?(?P<d>{_N})\s?[日号])?)"
    rf"|(?P<y2>{_N})\s?年(?!级|代|后|前|间|来|内|以|之)"
)


def _english_date(match: re.Match[str]) -> Found:
    for number in ("", "2", "3", "4"):
        if name := match["m" + number]:
            place = [month[:3] for month in _MONTHS].index(name[:3].lower()) + 1
            yield Figure(Fraction(place), "month", *match.span("m" + number), "")
            if number in ("", "2"):
                yield read_part(match, "d" + number, "day")
            if number != "4":
                yield read_part(match, "y" + number, "")


def _iso(match: re.Match[str]) -> Found:
    if int(match[3]) in range(1, 13) and int(match[4]) in range(1, 32):
        yield from (
            read_part(match, 1, ""),
            read_part(match, 3, "month"),
            read_part(match, 4, "day"),
        )


def _local(match: re.Match[str]) -> Found:
    if max(int(match[1]), int(match[3])) < 32:
        yield from (
            read_part(match, 4, ""),
            read_part(match, 1, "date"),
            read_part(match, 3, "date"),
        )


def _clock(match: re.Match[str]) -> Found:
    yield Figure(int(match[1]) + Fraction(int(match[2]), 60), "clock", *match.span(), "")


def _years(match: re.Match[str]) -> Found:
    if int(match[2]) < int(match[3]) and int(match[1]) in range(10, 22):
        first, last = int(match[1] + match[2]), int(match[1] + match[3])
        yield Figure(Fraction(first), "", match.start(1), match.end(2), "")
        yield Figure(Fraction(last), "", match.start(3), match.end(3), "")


def _han_date(match: re.Match[str]) -> Found:
    year = read_part(match, "y", "") or read_part(match, "y2", "")
    if year and match["y2"] and year.value < 100:
        # 三年 lasts; 1905年 and 05年 are years of the calendar, which have no unit.
        lone = not match["y2"].isdigit() and match["y2"] in "一"
        yield None if lone else Figure(year.value, "", year.start, match.end(), "")
        return
    yield year
    yield read_part(match, "m", "month")
    yield read_part(match, "d", "day")


# Earlier ones first: what one has read, the next ones no longer see.
DATE_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Found]], ...] = (
    (_ISO, _iso),
    (_LOCAL, _local),
    (_CLOCK, _clock),
    (_ENGLISH_DATE, _english_date),
    (_HAN_DATE, _han_date),
    (_YEARS, _years),
)
