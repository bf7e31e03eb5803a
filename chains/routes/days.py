"""Spans of days as people say them, in both languages: today, since 2026-03-01, 最近三天."""

import re
from datetime import date, timedelta

_DATE = r"\d{4}-\d{1,2}-\d{1,2}|\d{4}-\d{1,2}|\d{4}"
_DATE_ZH = r"\d{4}年(?:\d{1,2}月(?:\d{1,2}[日号])?)?|\d{4}-\d{1,2}-\d{1,2}"
DAY = (
    r"(?P<when>today|yesterday|this week|this month|this year|in the (?:last|past) \d{1,3} days"
    rf"|(?:since|after|before|on|in) (?:{_DATE}))"
)
DAY_ZH = (
    r"(?P<when>今天|昨天|本周|这周|这个星期|本月|这个月|今年|(?:最近|过去)\d{1,3}天"
    rf"|(?:{_DATE_ZH})(?:以后|之后|以来|以前|之前)?)"
)
_NUMBERS = re.compile(r"\d+")

Days = tuple[date | None, date | None]
"""From the first on, and up to but not including the second; None where there is no such end."""


def days_of(said: str, today: date) -> Days | None:
    """The days that are meant; None for nothing said, or for a date that there is not."""
    text = said.lower()
    tomorrow = today + timedelta(days=1)
    named: dict[str, Days] = {
        "today": (today, tomorrow),
        "今天": (today, tomorrow),
        "yesterday": (today - timedelta(days=1), today),
        "昨天": (today - timedelta(days=1), today),
        "this month": (today.replace(day=1), tomorrow),
        "this year": (today.replace(month=1, day=1), tomorrow),
        "今年": (today.replace(month=1, day=1), tomorrow),
    }
    named |= dict.fromkeys(("本月", "这个月"), named["this month"])
    monday = today - timedelta(days=today.weekday())
    named |= dict.fromkeys(("this week", "本周", "这周", "这个星期"), (monday, tomorrow))
    if text in named:
        return named[text]
    numbers = [int(number) for number in _NUMBERS.findall(text)]
    if not numbers:
        return None
    if "days" in text or "天" in text:
        return (today - timedelta(days=numbers[0]), tomorrow)
    return _dated(text, numbers)


def _dated(text: str, numbers: list[int]) -> Days | None:
    try:
        first = date(*[*numbers, 1, 1][:3])
        if len(numbers) > 2:
            behind = first + timedelta(days=1)
        elif len(numbers) == 2:
            behind = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        else:
            behind = date(numbers[0] + 1, 1, 1)
    except (ValueError, OverflowError):
        return None
    if text.startswith("after") or text.endswith("之后"):
        return (behind, None)
    if text.startswith("since") or text.endswith(("以后", "以来")):
        return (first, None)
    if text.startswith("before") or text.endswith(("以前", "之前")):
        return (None, first)
    return (first, behind)
