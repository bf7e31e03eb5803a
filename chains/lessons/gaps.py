"""Questions out of a passage's own English sentences: a word for what stands in a gap.

There are as many of them as one wants, of any text, and what they teach is to find the place that
a question speaks of and to give what stands there, no more. Learning that before people's
questions helps where these are few (cloze questions, Lewis et al., 1906.04980; recurring spans,
Ram et al., 2101.00438).
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from chains.lessons.example import Example, Passage
from chains.sentences import sentences

SHORTEST, LONGEST = 60, 260  # characters of a sentence
AROUND = 11  # words of the sentence that are left on each side, at most
DROPPED = 0.15  # of the small words around a gap: a question seldom has all of the sentence's

_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
)
_DATE = rf"(?:(?:{_MONTH} )?(?:\d{{1,2}}, )?(?:1\d{{3}}|20\d{{2}})|{_MONTH} \d{{1,2}})"
_SMALL = (
    r"(?:the|an?|its|their|his|her|this|that|these|those|of|in|on|at|by|for|with|from|to|into|and"
    r"|or|but|as|is|are|was|were|be|been|has|have|had|which|who|whose|when|where|while|than|it"
    r"|they|he|she|not|also|would|could|can|may|will|such|between|during|after|before|over|under"
    r"|about|through|both|more|most|some|all|one|there|if|so|up|out|only|other)"
)
# What may stand in a gap, and the words that ask for it.
_KINDS = (
    (re.compile(rf"(?:\b(?:in|on|since|by|until) )(?P<gap>{_DATE})\b"), ("when", "what year")),
    (re.compile(r"(?P<gap>[$€£]\d[\d,.]*\d(?: (?:million|billion))?)"), ("how much",)),
    (re.compile(r"\b(?P<gap>\d[\d,.]*\d(?: (?:million|billion|percent))?|\d)(?= [a-z]+s\b)"),
     ("how many",)),
    (re.compile(r"(?<=[a-z,] )(?P<gap>[A-Z][\w’'-]+(?: (?:of |the )?[A-Z][\w’'-]+){0,3})"),
     ("who", "what")),
    (re.compile(rf"\b(?:the|an?|of|by|with|as|to) (?P<gap>(?!{_SMALL}\b)[a-z-]{{4,}}"
                rf"(?: (?!{_SMALL}\b)[a-z-]{{4,}}){{0,2}})(?=[.,;]| {_SMALL}\b)"),
     ("what", "what kind of thing")),
)  # fmt: skip
_MARK = re.compile(r"\[\d+\]")  # of a note


def with_gaps(passages: Sequence[Passage], each: int, seed: int) -> Iterator[Example]:
    """Up to `each` questions about every passage, no two about one sentence."""
    chance = random.Random(seed)
    for passage in passages:
        clean = replace(passage, text=_MARK.sub("", passage.text))
        places = [clean.text[start:end] for start, end in sentences(clean.text)]
        chance.shuffle(places)
        made = (_asked(sentence, chance) for sentence in places)
        found = [pair for pair in made if pair]
        for question, answer in found[:each]:
            yield Example(question, (answer,), clean)


def _asked(sentence: str, chance: random.Random) -> tuple[str, str] | None:
    """A question that the sentence answers, and the answer, if it has a place to ask for."""
    sentence = " ".join(sentence.split())
    if not SHORTEST <= len(sentence) <= LONGEST:
        return None
    gaps = [(match, words) for kind, words in _KINDS for match in kind.finditer(sentence)]
    if not gaps:
        return None
    match, words = chance.choice(gaps)
    answer = match["gap"]
    before = sentence[: match.start("gap")].split()[-AROUND:]
    after = sentence[match.end("gap") :].strip(" .").split()[:AROUND]
    word = chance.choice(words)
    kept = [each for each in (*before, word, *after) if each == word or not _drops(each, chance)]
    text = " ".join(kept).strip(" ,;:")
    if answer.lower() in text.lower():
        return None
    return f"{text[0].upper()}{text[1:]}?", answer


def _drops(word: str, chance: random.Random) -> bool:
    return re.fullmatch(_SMALL, word.lower()) is not None and chance.random() < DROPPED
