"""Units of measurement in both languages, each with one name; metric ones can be converted."""

import re
from fractions import Fraction

_NAMES = {
    "%": "% ％ percent per-cent 个百分点 percentage-points",
    "m": "metre metres meter meters m 米 公尺",
    "km": "kilometre kilometres kilometer kilometers km 公里 千米",
    "cm": "centimetre centimetres centimeter centimeters cm 厘米 公分",
    "mm": "millimetre millimetres millimeter millimeters mm 毫米",
    "mi": "mile miles mi 英里",
    "ft": "foot feet ft 英尺",
    "in": "inch inches 英寸",
    "km2": "km² km2 square-kilometres square-kilometers sq-km 平方公里 平方千米",
    "m2": "m² m2 square-metres square-meters 平方米",
    "mi2": "square-miles sq-mi 平方英里",
    "kg": "kilogram kilograms kg 公斤 千克",
    "g": "gram grams g 克",
    "t": "tonne tonnes ton tons 吨",
    "lb": "pound-weight lb lbs 磅",
    "s": "seconds sec secs 秒 秒钟",
    "min": "minute minutes mins 分钟",
    "h": "hour hours hrs 小时 个小时",
    "days": "day days 天",
    "weeks": "week weeks 周 个星期 星期",
    "months": "month months 个月",
    "years": "year years yr yrs years-old year-old 岁",
    "century": "century centuries 世纪 个世纪",
    "°C": "°C ℃ degrees-Celsius 摄氏度",
    "°F": "°F ℉ degrees-Fahrenheit 华氏度",
    "USD": "dollar dollars 美元 美金",
    "GBP": "pounds 英镑",
    "EUR": "euro euros 欧元",
    "CNY": "yuan RMB 元 人民币",
    "kB": "kB KB KiB",
    "MB": "MB MiB",
    "GB": "GB GiB",
    "TB": "TB TiB",
}
UNITS = {
    written.replace("-", " "): name for name, words in _NAMES.items() for written in words.split()
}
CURRENCIES = {
    "US$": "USD",
    "$": "USD",
    "＄": "USD",
    "£": "GBP",
    "€": "EUR",
    "¥": "CNY",
    "￥": "CNY",
}
_METRIC = {
    "km": ("length", Fraction(1000)), "m": ("length", Fraction(1)),
    "cm": ("length", Fraction(1, 100)), "mm": ("length", Fraction(1, 1000)),
    "km2": ("area", Fraction(10**6)), "m2": ("area", Fraction(1)),
    "t": ("mass", Fraction(10**6)), "kg": ("mass", Fraction(1000)), "g": ("mass", Fraction(1)),
    "TB": ("bytes", Fraction(10**9)), "GB": ("bytes", Fraction(10**6)),
    "MB": ("bytes", Fraction(1000)), "kB": ("bytes", Fraction(1)),
}  # fmt: skip

_LONGEST_FIRST = sorted(UNITS, key=lambda written: (-len(written), written))
_LATIN = [re.escape(w).replace(r"\ ", r"[\s-]+") for w in _LONGEST_FIRST if w[0] <= "\u00b0"]
_HAN = [re.escape(w) for w in _LONGEST_FIRST if w[0] > "\u00b0"]
UNIT = re.compile(rf"[\s-]?(?:({'|'.join(_LATIN)})(?![^\W\d_])|({'|'.join(_HAN)}))")


def unit_name(written: str) -> str:
    """The one name of a unit that UNIT has found."""
    return UNITS.get(written) or UNITS[re.sub(r"[\s-]+", " ", written)]


def agree(value: Fraction, unit: str, other: Fraction, its: str) -> bool:
    """Whether two quantities may be the same; one without a unit may be in any."""
    if value == other and _compatible(unit, its):
        return True
    mine, theirs = _METRIC.get(unit), _METRIC.get(its)
    if mine is None or theirs is None or mine[0] != theirs[0]:
        return False
    return value * mine[1] == other * theirs[1]


def _compatible(unit: str, other: str) -> bool:
    if unit == other:
        return True
    pair = {unit, other}
    if "month" in pair:
        return "date" in pair
    return bool(pair & {"", "date"})
