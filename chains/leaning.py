"""Whether a question leans on what was said before, told by rule from its words.

Pronouns, connectives and fragments lean, unless the question itself says what they stand for. It
does not know the conversation.
"""

import re
from typing import Literal

from chains.language import language_of
from chains.topic import content, names
from ingest.segment import tagged

Leaning = Literal["alone", "pronoun", "fragment", "swap", "unsure"]
"""How a question stands to the one before.

alone: not at all; pronoun: its subject is missing; fragment: it has nothing of its own, as "Why?";
swap: it is the same question of something else, as "And in 2005?"; unsure: the rule cannot tell.
"""

FRAGMENT_WORDS = 6
FEW = 3  # content words: with more, a question without a name says what it is about

_EN_SWAP = re.compile(
    r"^(?:(?:and|but|or|so|then|now)\b[\s,]*)?(?:what|how) about\b|^(?:and|but|or)\b", re.I
)
_EN_FRAGMENT = re.compile(
    r"^(?:(?:and|but|so)\s+)?(?:why|how|when|where|who|whom|which|what|how come|why not|since when"
    r"|by whom|how so|how many|how much|which ones?)\s*(?:so|then|not|exactly)?\s*\??$"
    r"|\b(?:what|who|where|anything|anyone|any ?body|nothing|how) else\b|\bany (?:more|others?)\b"
    r"|\b(?:tell|say) (?:me )?more\b",
    re.I,
)
_EN_VERBLESS = re.compile(
    r"^(?:after|before|in|on|at|by|from|for|with|since|until|of|to|during)\s+(?:which|what|whom)\b",
    re.I,
)
_AUXILIARY = (
    "is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|should|may|might|must"
)
_WH = (
    "what|which|who|whom|whose|how|why|when|where"
    "|(?:in|on|at|by|from|to|for|with|of) (?:what|which)"
)
_EN_VERB = re.compile(rf"\b(?:{_AUXILIARY})\b", re.I)
_EN_EXPLETIVE = re.compile(
    r"\b(?:is|was|isn't|wasn't|be)\s+it\s+(?:true|possible|necessary|known|likely|said|correct|legal"
    r"|easy|hard|difficult|common|important|that)\b|\b(?:does|did|do|will|would|can)\s+it\s+take\b"
    r"|\bit\s+(?:is|was)\s+\w+\s+that\b|\bit\s+(?:called|known|considered)\b.*\b(?:when|that|if|to)\b"
    r"|\bdoes\s+it\s+mean\s+(?:for|to|that|if|when)\b",
    re.I,
)
_EN_PRONOUN = re.compile(
    r"\b(?:it|its|itself|they|them|their|theirs|he|him|his|she|her|hers|this|these"
    r"|(?:the|which|that|this|other|first|second) ones?|the (?:former|latter)(?=\W*$)"
    r"|(?<=\bis )that|(?<=\bwas )that|(?<=\bdo )that|(?<=\bdid )that|(?<=\babout )that"
    r"|(?<=\bof )that|(?<=\bafter )that|(?<=\bbefore )that|that(?=\s*\?*$)"
    r"|(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )there(?! (?:is|are|was|were|be)\b))\b",
    re.I,
)
_EN_POSSESSIVE = ("its", "their", "his", "her", "itself")
_EN_CLAUSE = re.compile(r",|;|\b(?:and|when|while|after|before|if|because|since)\b", re.I)
_EN_INVERTED = re.compile(rf"^(?:{_WH})\b[^,;]*\b(?:{_AUXILIARY})(?:n't)?\s+$", re.I)
_EN_DEFINITE = re.compile(r"\bthe (?!same\b)[a-z]+", re.I)

_ZH_PRONOUN = re.compile(
    r"(?<!其)它们?|(?<![其吉])他们?(?!国|乡|加|命)|她们?|(?<![马土耳尤极与])其(?![他它余实次间])"
    r"|这(?!么|样|个(?:词|字|名|概念|术语))|那(?=[些里儿个座种位次年条本部场首时家名款天届支项起篇])|(?<![如从因由彼])此(?!外)"
    r"|(?<!应)该(?=[校国市县镇村区队团人站线片书剧曲会院馆山河岛作])|前者|后者|上述|里面"
)
_ZH_SWAP = re.compile(r"^(?:那么?|那|而|还有)?[^，。？?]{1,12}呢[？?]?$")
_ZH_FRAGMENT = re.compile(
    r"^(?:那|这|又|那么)?(?:为什么|为何|怎么|怎么会|怎么样|什么时候|何时|哪里|在哪里|在哪|哪年|哪一年"
    r"|谁|是谁|多少|什么|原因)(?:呢|吗)?[？?。]?$|^(?:还有|另外|然后|之后|此外)(?:呢|什么|谁|哪些)"
)
_ZH_ADVERB = re.compile(
    r"^(?:(?:什么时候|何时|在?哪一?年|几时|为什么|为何|怎么|怎样|如何|是?在?哪里|最初|最早|最后|后来|现在"
    r"|以前|之前|之后|目前|当时|通常|一般|一共|总共|大约|主要|首先|又|还|也|曾经?|是|在|由|从)(?!的)|"
    r"(?:公元)?\d+年(?:代)?(?:\d+月)?(?:\d+日)?)+"
)
_ZH_LATER = re.compile(r"^(?:后来|最初|最早|之后|现在|当时|以前)(?!的)")
_ZH_CLEFT = re.compile(r"^是(?:谁|什么|哪)[^，]{1,6}的[？?]?$")
_ZH_ASKED = re.compile(r"什么|谁|哪|几|多少|怎么样|怎样|如何|为何")
_ZH_BESIDE = re.compile(r"后来|最初|现在|主要|一共|总共|大约|是否|[的是在从有又叫由于被为]")
SHORT_REST, LONG_REST = 9, 14
"""Characters that a question without a subject has, at most, behind its adverbs."""


def leaning(question: str) -> Leaning:
    """How a question stands to the one before it."""
    question = question.strip()
    return _chinese(question) if language_of(question) == "zh" else _english(question)


def _english(question: str) -> Leaning:
    words = question.split()
    verbless = not _EN_VERB.search(question)
    if len(words) <= FRAGMENT_WORDS and (
        _EN_FRAGMENT.search(question) or (verbless and _EN_VERBLESS.search(question))
    ):
        return "fragment"
    starts = _EN_SWAP.search(question)
    if starts and len(words) <= FRAGMENT_WORDS and verbless:
        return "swap"
    bare = _EN_EXPLETIVE.sub(" ", question)
    for match in _EN_PRONOUN.finditer(bare):
        if not _stands_before(bare, match):
            return "pronoun"
    own = content(question)
    if names(question) or len(own) > FEW or " of " in question:
        return "alone"
    if not own:
        return "fragment"
    return "unsure" if _EN_DEFINITE.search(question) else "alone"


def _stands_before(question: str, pronoun: re.Match[str]) -> bool:
    """Whether the question itself says, before a pronoun, what it stands for."""
    before = question[: pronoun.start()]
    word = pronoun.group().lower()
    if word.startswith(("this", "these", "the ", "that", "which ")):
        return False
    clauses = _EN_CLAUSE.split(re.sub(r"\b(?:after|before|since)\s+$", "", before, flags=re.I))
    if len(clauses) > 1 and len(content(" ".join(clauses[:-1]))) >= 2:
        return True
    if _EN_INVERTED.search(before) and word in ("it", "they", "he", "she"):
        return False  # "Which work did it influence?": what was asked for is not what it stands for
    if len(content(before)) > FEW:
        return True
    ends = not question[pronoun.end() :].strip(" ?.!")
    if names(before):
        return not (ends and word in ("it", "them"))
    return word in _EN_POSSESSIVE and bool(content(before))


def _chinese(question: str) -> Leaning:
    if _ZH_FRAGMENT.search(question):
        return "fragment"
    if _ZH_SWAP.search(question):
        return "swap"
    found = _ZH_PRONOUN.search(question)
    if found and not _says_before(question[: found.start()], found.group()):
        return "pronoun"
    if _lacks_subject(question):
        return "pronoun"
    if found or not _ZH_ASKED.search(question):
        return "alone"
    subject = _ZH_BESIDE.sub("", _ZH_ASKED.split(question, maxsplit=1)[0])
    # One common word for a subject, as in "主唱是谁？": of what is not said.
    common = [tag for _, tag in tagged(subject)] == ["n"]
    return "unsure" if common and len(subject) <= 2 else "alone"


def _says_before(before: str, pronoun: str) -> bool:
    """Whether the question itself says, before a pronoun, what it stands for."""
    if names(before) or (pronoun == "其" and content(before)):
        return True
    return "，" in before and len(content(before)) >= 2


def _lacks_subject(question: str) -> bool:
    if _ZH_CLEFT.search(question) and not names(question):
        return True
    rest = _ZH_ADVERB.sub("", question).strip(" ？?。")
    if rest == question.strip(" ？?。"):
        owned = rest.startswith(("有多少", "有几", "有哪些", "有什么")) and not names(rest)
        return owned and len(rest) <= SHORT_REST
    _, tag = next(iter(tagged(rest)), ("", "v"))
    verb = tag.startswith(("v", "p", "m", "d")) or rest.startswith(("有", "被"))
    if _ZH_LATER.search(question):
        return verb and len(rest) <= LONG_REST
    return verb and len(rest) <= SHORT_REST and not names(rest)
