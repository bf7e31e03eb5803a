"""The names in a text: English ones by their capitals, Chinese ones by jieba's parts of speech.

Names are compared by their parts, so that "Curie" stands where "Marie Curie" does. It does not
know what a name is of.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ingest.segment import tagged


@dataclass(frozen=True)
class Name:
    """A name's part in a text: a capitalised word or a Chinese name; and its span."""

    text: str
    start: int
    end: int

    @property
    def is_han(self) -> bool:
        """Whether it is written in Chinese characters."""
        return is_han(self.text)


_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(
    r"[^\W\d_\u3040-\u9fff\uac00-\ud7af][^\W_\u3040-\u9fff\uac00-\ud7af'’]*(?:['’][^\W\d_]+)?"
)
_STARTS = re.compile(r"(?:^|[.!?:：;“\"'‘(（\[|•*#>\n–—-])\s*$")
_TITLE = re.compile(r"[《「『“]([^《》「」『』”\n]{2,30})[》」』”]")
_DOT = re.compile(r"[·•・]")
_NAMES = ("nr", "ns", "nt", "nz")
_LONGEST_HAN = 8  # a dotted name's part is at most so long; jieba's words are shorter

# Capitalised, but no names; and words that begin English sentences without being one.
_NO_NAMES = frozenset(
    """
    i i'm i've i'd i'll mr mrs ms dr prof st no figure table section chapter page vol bc ad bce
    ce am pm january february march april may june july august september october november
    december jan feb mar apr jun jul aug sep sept oct nov dec ok yes
    """.split()
)
_OPENERS = frozenset(
    """
    a about above according across additionally after afterwards again all almost along already
    also although altogether among an and another any anyone around as at back based because
    before behind being below besides between beyond both but by certain clearly compared
    consequently considering contrary current despite due during each earlier early either else
    especially even eventually ever every everyone everything except few finally first following
    for former formerly fortunately four from further furthermore generally given he hence her
    here his how however if in including indeed initially instead it its itself just last late
    later latter least less like likewise little long mainly many maybe meanwhile modern more
    moreover most mostly much my near nearly neither never nevertheless new next nine no nobody
    none nonetheless nor not nothing notably now of often old on once one only originally other
    others otherwise our out outside over overall part particularly people per perhaps prior
    probably rather recently regarding several she short similar similarly since six so some
    someone something sometimes soon still subsequently such than that the their them then there
    thereafter therefore these they this those though three through throughout thus to today
    together too toward towards traditionally two typically under unfortunately unless unlike
    until up upon usually various very was we what whatever when whenever where whereas wherever
    whether which while who whom whose why with within without would yet you your answer question
    passage document text information context note summary example based sorry here's it's that's
    there's they're what's scientists researchers experts critics historians
    """.split()
)
_NO_OPENERS = re.compile(r"(?:ly|ing|ed|tion|tions|ness|ment|ments|ers|ists|ism|ity|ies)$")
_KIN = {  # peoples and tongues whose words do not begin like their countries'
    "french": "france", "spanish": "spain", "dutch": "netherlands", "greek": "greece",
    "english": "england", "british": "britain", "welsh": "wales", "swiss": "switzerland",
    "danish": "denmark", "turkish": "turkey", "polish": "poland", "irish": "ireland",
}  # fmt: skip


def is_han(text: str) -> bool:
    """Whether a text has Chinese characters in it, be it among others."""
    return bool(_HAN.search(text))


@lru_cache(maxsize=4096)
def names(text: str) -> tuple[Name, ...]:
    """The text's names, in its order; also a word that opens a sentence, if it looks like one."""
    found = [*_latin(text)]
    if _HAN.search(text):
        found += _han(text)
    return tuple(sorted(found, key=lambda name: (name.start, name.end)))


def stands(name: Name, text: str) -> bool:
    """Whether a name stands in a text, also with another ending, or as its initials."""
    if name.is_han:
        return name.text in text or _parts_stand(name.text, text)
    words, initials = _words(text)
    word = fold(name.text)
    if word in words or word in initials:
        return True
    if len(word) >= 2 and name.text.isupper() and word in _capitals(text):
        return True
    return any(_akin(word, other) for other in words)


def fold(word: str) -> str:
    """A word in small letters, without accents and without a possessive's ending."""
    word = re.sub(r"['’](?:s|S)?$", "", word)
    decomposed = unicodedata.normalize("NFKD", word)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).lower()


def _latin(text: str) -> Iterator[Name]:
    matches = list(_WORD.finditer(text))
    for place, match in enumerate(matches):
        word = match.group()
        if not word[0].isupper() or fold(word) in _NO_NAMES:
            continue
        if len(word) == 1 and not re.match(r"\.", text[match.end() :]):
            continue
        opens = bool(_STARTS.search(text[max(match.start() - 4, 0) : match.start()]))
        if opens and not word[1:].isupper() and not _opens_as_a_name(word, matches, place, text):
            continue
        if len(word) > 1:
            bare = re.sub(r"['’]s?$", "", word)
            yield Name(bare, match.start(), match.start() + len(bare))


def _opens_as_a_name(word: str, matches: list[re.Match[str]], place: int, text: str) -> bool:
    if fold(word) in _OPENERS or word.lower() in _OPENERS:
        return False
    if place + 1 < len(matches):
        following = matches[place + 1]
        between = text[matches[place].end() : following.start()]
        if following.group()[0].isupper() and between in (" ", "-"):
            return True
    return not _NO_OPENERS.search(word)


def _han(text: str) -> Iterator[Name]:
    titles = [m.span(1) for m in _TITLE.finditer(text) if _HAN.search(m[1])]
    words: list[tuple[int, str, str]] = []
    place = 0
    for word, tag in tagged(text):
        words.append((place, word, tag))
        place += len(word)
    dotted = list(_dotted(words))
    taken = [*titles, *dotted]
    yield from (Name(text[a:b], a, b) for a, b in taken)
    for start, word, tag in words:
        named = tag.startswith(_NAMES) and 2 <= len(word) <= _LONGEST_HAN and _HAN.match(word)
        if named and not any(a <= start < b for a, b in taken):
            yield Name(word, start, start + len(word))


def _dotted(words: list[tuple[int, str, str]]) -> Iterator[tuple[int, int]]:
    """The spans of names such as 卡万·肖特: the dots with the words beside them."""
    reached = 0
    for place, (start, word, _) in enumerate(words):
        if not _DOT.fullmatch(word) or start < reached or not 0 < place < len(words) - 1:
            continue
        first = place - 1
        if len(words[first][1]) == 1 and first and _HAN.match(words[first - 1][1]):
            first -= 1
        last = place + 1
        while last + 2 < len(words) and _DOT.fullmatch(words[last + 1][1]):
            last += 2
        begin, end = words[first][0], words[last][0] + len(words[last][1])
        if _HAN.match(words[first][1]) and _HAN.match(words[last][1]):
            reached = end
            yield begin, end


def _parts_stand(name: str, text: str) -> bool:
    """托马斯·戴维斯 stands where 戴维斯 does; a character that jieba took for a part need not."""
    if len(_DOT.split(name)) < 2:
        # What jieba cuts off a longer word: 雨林中, 福勒是
        return len(name) > 2 and (name[:-1] in text or name[1:] in text)
    first, last = _DOT.split(name)[0], _DOT.split(name)[-1]
    return (len(last) > 1 and last in text) or f"{first[-1:]}·{last[:1]}" in _DOT.sub("·", text)


@lru_cache(maxsize=2048)
def _words(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """All words of a text, folded, and the initials of its capitalised runs, in small letters."""
    words = [match.group() for match in _WORD.finditer(text)]
    runs: list[str] = [""]
    for word in words:
        if word[0].isupper():
            runs[-1] += word[0].lower()
        elif word not in ("of", "the", "and", "for", "in", "on"):
            runs.append("")
    initials = {
        run[a:b]
        for run in runs
        for a in range(len(run))
        for b in range(a + 2, min(a + 6, len(run)) + 1)
    }
    return frozenset(map(fold, words)), frozenset(initials)


@lru_cache(maxsize=2048)
def _capitals(text: str) -> frozenset[str]:
    """Abbreviations with stops, without them: U.S. gives us."""
    return frozenset(
        match.group().replace(".", "").lower() for match in re.finditer(r"(?:[A-Z]\.){2,}", text)
    )


def _akin(word: str, other: str) -> bool:
    """Norman and Normans, America and American; French and France."""
    if {_KIN.get(word, word), _KIN.get(other, other)} in ({word}, {other}):
        return True
    short, long = sorted((word, other), key=len)
    stem = short.rstrip("aeiouy") if len(short) > 4 else short
    return len(stem) >= 4 and long.startswith(stem) and len(long) - len(stem) <= 4
