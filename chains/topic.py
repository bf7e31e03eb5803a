"""What a question is about: its names, or else its content words, in its order.

Read from the letters (capitals, digits, title marks) and jieba's parts of speech; rough, but told
in microseconds.
"""

import re
from functools import lru_cache

from chains.words import content_words
from ingest.segment import segment, tagged

_HAN = re.compile(r"[\u3400-\u9fff]")
_CAPITAL = re.compile(
    r"(?<![\w'’])[A-ZÀ-Þ][\w'’.-]*(?:[ -](?:(?:of|the|de|van|von|la|le|du|del|and) )?"
    r"(?:[A-ZÀ-Þ][\w'’.-]*|\d[\w.,-]*))*"
)
_TITLED = re.compile(r"[《「『“]([^《》「」『』”\n]{1,40})[》」』”]")
_LATIN = re.compile(r"[A-Za-z][\w.+-]*(?: [A-Z0-9][\w.+-]*)*")
_NAME_TAGS = ("nr", "ns", "nt", "nz")
_OPENERS = frozenset(  # capitals that stand in the midst where questions were joined
    """
    i i'm i'd i've how what which who whom whose why when where is are was were do does did has
    have had can could and but or in on at by from with after before
    """.split()
)
_GENERIC = frozenset(
    """
    many much kind kinds type types sort name named names called call people person thing things
    part parts number main first last long large old big new often used use mean means way ways
    year years time times true tell say said give get give made make take took
    叫 叫做 名字 名称 意思 时候 时间 年 哪年 原因 东西 方面 种 个 次 位 进行 主要 属于 位于 指
    第几 怎样 为何 何时 多大 多长 多久 哪里 哪儿 是不是 请问 称为 一下 之后 之前 后来 最初 现在
    一般 哪一年 年份
    """.split()
)


@lru_cache(maxsize=1024)
def names(text: str) -> tuple[str, ...]:
    """The names in a text, in its order: capitalised runs, titles, Chinese names."""
    found: list[tuple[int, str]] = [(m.start(1), m[1]) for m in _TITLED.finditer(text)]
    if not _HAN.search(text):
        for match in _CAPITAL.finditer(text):
            start, run = match.start(), match.group()
            if not text[:start].strip(" \"'“‘([") or re.search(r"[.!?:]\s*$", text[:start]):
                opening, _, run = run.partition(" ")  # it opens the sentence
                start += len(opening) + 1
            run = re.sub(r"['’]s?$|[.,-]+$", "", run)
            if run and run[0].isupper() and run.lower() not in _OPENERS:
                found.append((start, run))
    else:
        found += [(m.start(), m.group()) for m in _LATIN.finditer(text)]
        place = 0
        for word, tag in tagged(text):
            if tag.startswith(_NAME_TAGS) and len(word) > 1 and _HAN.search(word):
                found.append((place, word))
            place += len(word)
    return tuple(dict.fromkeys(name for _, name in sorted(found)))


@lru_cache(maxsize=1024)
def content(text: str) -> tuple[str, ...]:
    """The words of a text that say something by themselves, in its order, each once."""
    words = content_words(text) - _GENERIC
    return tuple(dict.fromkeys(word for word in segment(text) if word in words))
