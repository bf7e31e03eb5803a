"""A question drafted from a sentence, and which sentences of a passage stand by themselves."""

import re
from dataclasses import dataclass

from chains.evaluation.scores import holds
from chains.language import Language, language_of
from chains.sentences import is_title, sentences

SHORTEST: dict[Language, int] = {"en": 35, "zh": 12}  # characters of a sentence
LONGEST: dict[Language, int] = {"en": 260, "zh": 120}

# What points at something outside of the sentence: whoever reads it alone can't know at what.
_LEANS_EN = re.compile(
    r"^(?:it|its|they|them|their|this|that|these|those|he|she|his|her|we|our|i|my|you|your|there"
    r"|here|such|both|each|another|others?|one|some|many|most|all|and|but|or|so|also|then|thus"
    r"|however|therefore|moreover|furthermore|instead|similarly|likewise|finally|next|otherwise"
    r"|later|currently|in addition|for example|for instance|as a result|see|note"
    r"|the (?:following|former|latter|above|below|same|other|first|second|third|next|two"
    r"|company's?))\b"
    r"|\b(?:i|we|us|our|you|your|he|she|him|his|her|they|them|their|this|these|those|above|below"
    r"|following|herein|thereof)\b",
    re.IGNORECASE,
)
_LEANS_ZH = re.compile(
    r"^(?:但|而|且|并|因此|所以|然而|同时|另外|此外|如果|由于|例如|比如|如|以上|以下|其中|其次|首先"
    r"|最后|目前|本作|本届|中|\d+[位人]中|然后|接着|随后|之后|当|为了|虽然|尽管|不过|即|也|还|再|又|在此|在这)"
    r"|[它牠他她这该此其您你我]|咱|上述|下述|如下|如上|前者|后者|本文|本书|本章|本节|本公司|下面|上面|下图|上图"
    r"|见图|见表|什么|怎么|如何|为何|多少|哪"
)
_REFERS = re.compile(  # to a figure, a note or an address, or to what was left out in brackets
    r"https?://|www\.|@|（）|\(\)|\[\d+\]|\b(?:Fig(?:ure)?|Table|Section|Chapter|Eq|No)\b\.? ?\d",
    re.IGNORECASE,
)
_PAIRS = (("(", ")"), ("（", "）"), ("“", "”"), ("《", "》"), ("[", "]"), ("「", "」"))


@dataclass(frozen=True)
class Draft:
    """A question, its answer in the passage's words, and the sentence that holds it."""

    question: str
    answer: str
    quote: str

    @property
    def sound(self) -> bool:
        """Whether the sentence answers it and the question does not."""
        return holds(self.quote, [self.answer]) and not holds(self.question, [self.answer])


def stand_alone(text: str, language: Language) -> list[str]:
    """The sentences of a passage that can be understood without what is around them, unbroken."""
    found = []
    for start, end in sentences(text):
        sentence = " ".join(text[start:end].split())
        if language == "zh":
            sentence = re.sub(r"(?<=[⺀-鿿，、]) (?=[⺀-鿿])", "", sentence)
        if _whole(sentence, language):
            found.append(sentence)
    return found


def _whole(sentence: str, language: Language) -> bool:
    if not SHORTEST[language] <= len(sentence) <= LONGEST[language] or is_title(sentence):
        return False
    if " | " in sentence or _REFERS.search(sentence) or sentence.count('"') % 2:
        return False
    if any(sentence.count(left) != sentence.count(right) for left, right in _PAIRS):
        return False
    if language == "zh":
        sentence = sentence.lstrip("-•· ")
        return language_of(sentence) == "zh" and not _LEANS_ZH.search(sentence)
    stopped = sentence.endswith(".") and not sentence.endswith("..")
    return stopped and sentence[0].isupper() and not _LEANS_EN.search(sentence)
