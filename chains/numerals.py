"""Numbers written as words: English ("twenty-one", "third") and Chinese (二十一, 三亿五千万)."""

import re
from fractions import Fraction

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
ONES = {word: value for value, word in enumerate(_SMALL)}
ONES |= {word: 10 * value for value, word in enumerate(_TENS, 2)} | {"dozen": 12}
SCALES = {
    "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "mn": 10**6, "bn": 10**9, "tn": 10**12,
}  # fmt: skip
_IRREGULAR = {
    "first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12,
}  # fmt: skip
ORDINALS = _IRREGULAR | {
    (word[:-1] + "ieth" if word.endswith("y") else word + "th"): value
    for word, value in (ONES | {"hundred": 100, "thousand": 1000}).items()
    if value not in _IRREGULAR.values() and word != "dozen"
}

_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")}
_DIGITS |= {"〇": 0, "○": 0, "两": 2, "兩": 2, "壹": 1, "贰": 2, "叁": 3}
_PLACES = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8, "兆": 10**12}
HAN_DIGITS = "".join(_DIGITS)
HAN_NUMERALS = HAN_DIGITS + "".join(_PLACES)
HAN_SCALES = "".join(_PLACES) + "".join(_MYRIADS)


def english_number(words: str) -> tuple[int, bool] | None:
    """The value of a phrase such as "two hundred and five", and whether it is an ordinal.

    None where it is no one number: "two three".
    """
    total = current = 0
    previous, ordinal = 0, False
    for word in re.findall(r"[a-z]+", words.lower()):
        if word == "and" or (word == "a" and not current):
            continue
        if ordinal:
            return None
        if word in SCALES:
            scale = SCALES[word]
            if scale == 100:
                current = max(current, 1) * scale
            else:
                total += max(current, 1) * scale
                current = 0
            previous = scale
            continue
        value = ONES.get(word, ORDINALS.get(word))
        if value is None or (previous and previous < 100 and not (previous >= 20 > 10 > value)):
            return None
        ordinal = word in ORDINALS
        current += value
        previous = value
    return total + current, ordinal


def han_number(text: str) -> int | None:
    """The value of a Chinese numeral, read in places (三百零五) or in digits (二〇二〇).

    None where it is neither: 三四, 百千.
    """
    if not any(character in HAN_SCALES for character in text):
        digits = "".join(str(_DIGITS[character]) for character in text)
        return None if len(digits) == 2 and "0" not in digits else int(digits)
    total = section = digit = 0
    last = smallest = 10**13
    for character in text:
        if character in _DIGITS:
            if digit:
                return None
            digit = _DIGITS[character]
        elif character in _PLACES:
            place = _PLACES[character]
            if place >= last and not (place == 10 and not section):
                return None
            section += (digit or (0 if section and place != 10 else 1)) * place
            digit, last = 0, place
        else:
            myriad = _MYRIADS[character]
            if myriad < smallest:  # 三亿五千万
                total += (section + digit or 1) * myriad
            else:  # 三万亿
                total = (total + section + digit or 1) * myriad
            section = digit = 0
            last, smallest = 10**13, myriad
    if digit and last >= 100 and text[-2:-1] not in ("零", "〇") and len(text) > 1:
        # 三万五, 两千三: the last digit counts the next lower place
        digit *= (_MYRIADS.get(text[-2], 0) or _PLACES.get(text[-2], 10)) // 10
    return total + section + digit


def scaled(number: Fraction, scales: str) -> Fraction:
    """A number in digits times the Chinese scales behind it: 3.5 with 千万 is 35,000,000."""
    for character in scales:
        number *= _PLACES.get(character) or _MYRIADS[character]
    return number
