"""Questions by rule from English sentences: when, where, how many, how much, who, what.

Each rule knows one shape of sentence, and leaves alone what it does not know.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from chains.evaluation.draft import Draft

Rules = Sequence[tuple[re.Pattern[str], Callable[[dict[str, str]], str]]]

_NUMBER = (
    r"(?:\d[\d,]*(?:\.\d+)?|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty"
    r"|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?: (?:hundred|thousand|million|billion))?"
)
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
)
_YEAR = r"(?:\d{1,4} (?:BCE?|CE|AD)|1\d{3}|20\d{2})"
_DATE = rf"(?:{_MONTH} (?:\d{{1,2}}, )?|\d{{1,2}} {_MONTH} )?{_YEAR}"
_NAME = r"[A-Z][\w'’.-]*(?: (?:of |the |de |van |von |and )?[A-Z][\w'’.-]*){0,5}"
_BE = r"(?:is|are|was|were)"
_SUBJECT = r"(?P<subject>[A-Z][^,;:()“”\"]{1,70}?)"
_END = (
    r"(?P<rest>[,;.].*|(?: and | by | when | where | after | before | with | for | to | in | on "
    r"| at | as | from | during | until | under ).*)$"
)
_AMOUNT = r"(?:[$€£]\d[\d,.]*(?: (?:thousand|million|billion|trillion))?|\d[\d.]*(?:%| percent))"
_ABOUT = r"(?:about |approximately |around |nearly |over |more than |only |at least )?"

_WHEN = re.compile(
    rf"^{_SUBJECT} (?P<be>{_BE}) (?P<done>[^,;:()]{{3,80}}?) (?:in|on) (?P<answer>{_DATE}){_END}"
)
_WHERE = re.compile(
    rf"^{_SUBJECT} (?P<be>{_BE}) (?P<done>born|founded|located|held|built|based|situated"
    rf"|established|discovered|signed|introduced|published|created|formed|killed|buried|headquartered)"
    rf" (?:in|at|on|near) (?P<answer>(?:the )?{_NAME}){_END}"
)
_BY = re.compile(
    rf"^{_SUBJECT} (?P<be>{_BE}) (?P<done>(?:\w+ ){{0,3}}?(?:\w{{2,}}ed|written|built|made|led|won"
    rf"|held|drawn|given|taken|run|found|born|sent|chosen|set up)) by (?P<answer>(?:the )?{_NAME})"
    r"(?:[,;.]| (?:in|on|at|for|to|with|as|from|when|after|before|during|under)\b).*$"
)
_MUCH = re.compile(
    rf"^{_SUBJECT} (?P<be>{_BE}|totaled|reached|amounted to|equaled|exceeded) "
    rf"{_ABOUT}(?P<answer>{_AMOUNT}){_END}"
)
_THERE = re.compile(
    rf"^There (?P<be>are|were) {_ABOUT}(?P<answer>{_NUMBER}) "
    r"(?P<what>[a-z]+(?: [a-z]+)?) (?P<done>(?:in|on|at|of|within) [^,;:()]{3,60})\.$"
)
_HAVE = {
    "has": ("does", "have"), "have": ("do", "have"), "had": ("did", "have"),
    "contains": ("does", "contain"), "contain": ("do", "contain"), "contained": ("did", "contain"),
    "includes": ("does", "include"), "include": ("do", "include"), "included": ("did", "include"),
    "employs": ("does", "employ"), "employ": ("do", "employ"), "employed": ("did", "employ"),
    "uses": ("does", "use"), "use": ("do", "use"), "used": ("did", "use"),
    "won": ("did", "win"), "lost": ("did", "lose"), "made": ("did", "make"),
    "needs": ("does", "need"), "requires": ("does", "require"), "require": ("do", "require"),
    "supports": ("does", "support"), "lists": ("does", "list"), "listed": ("did", "list"),
    "covers": ("does", "cover"), "covered": ("did", "cover"), "operates": ("does", "operate"),
    "owns": ("does", "own"), "owned": ("did", "own"), "received": ("did", "receive"),
    "produced": ("did", "produce"), "produces": ("does", "produce"),
}  # fmt: skip
_MANY = re.compile(
    rf"^{_SUBJECT} (?P<verb>{'|'.join(_HAVE)}) {_ABOUT}"
    rf"(?P<answer>{_NUMBER}) (?P<what>[a-z-]+(?: [a-z-]+){{0,2}}?)"
    rf"(?P<rest>[,;.].*|(?: in | of | on | that | which | for | and | with | at | to | from ).*)$"
)
_WHAT = re.compile(
    rf"^{_SUBJECT} (?P<be>{_BE}) (?P<answer>(?:an?|the|any) [^,;:]{{12,110}}?)(?P<rest>[,;:.].*)$"
)
_PERSON = re.compile(
    r"\b(?:politician|president|writer|author|poet|king|queen|emperor|actor|actress|player|prince"
    r"|princess|count|countess|general|scientist|engineer|composer|painter|director|philosopher"
    r"|officer|founder|chairman|minister|man|woman|auditor|lawyer|attorney|manager|soldier|athlete|skier|skater|coach|physicist|mathematician)\b"
)
_DATE_FIRST = re.compile(
    rf"^(?:In|On) (?:the year )?(?P<answer>{_DATE}), (?P<subject>(?:the |an? )?{_NAME}"
    r"|(?:the|an?) [a-z][\w -]{2,40}?) (?P<done>[a-z][^;:()]{8,110}?)(?:[,;] .*|\.)$"
)
_DATE_LAST = re.compile(
    rf"^(?P<subject>(?:(?:The|An?) [\w -]{{2,40}}?|{_NAME})) (?P<done>[a-z][^,;:()]{{5,90}}?)"
    rf" (?:in|on) (?P<answer>{_DATE})(?:[,;] .*|\.)$"
)
_PAST = re.compile(
    r"^(?:\w+ly )?(?:was|were|had|did|began|became|won|made|took|came|went|gave|led|fell|rose|sold"
    r"|held|built|met|wrote|left|ran|set|saw|said|lost|paid|bought|brought|\w{2,}ed)\b"
)
_THING = re.compile(
    r"(?!the (?:company|author|user|reader|accompanying|foregoing|only|main|result|reason|purpose"
    r"|first|last|fact|question|answer|problem|idea|point|aim|goal|man|woman)\b)"
    r"(?:(?:the|an?) (?:[\w’'-]+ ){0,5}[\w’'-]+|[A-Z][\w.’'-]*(?: [\w.’'-]+){0,4}|[a-z]\w+s)$"
)
_CLOSED = re.compile(r"\.$|, (?:who|which|where|when|while|although|though|but|because|with)\b")
_DETERMINER = re.compile(r"^(?:The|A|An|Any|No|Every|During|In|On|At|Most|Several)\b")
_NO_SUBJECT = re.compile(
    r"^(?:In|On|At|By|For|With|From|To|After|Before|During|When|While|If|As|Although|Though|Since"
    r"|Because|Under|Over|Within|Without|Among|Between|Until|Unless|Once|Where|What|Who|How|Why"
    r"|Which|Perhaps|Besides|Beneath|Elsewhere|Theirs|Blessed|Utterly|Maybe|Not|Only|Even|Just|Using|Today|Now|Later|Despite|Through|Per|Nor|Yet|Let|Do|Be)\b"
    r"|\b(?:which|who|whom|whose|that|when|where|while|if|because|is|are|was|were|has|have|had"
    r"|will|would|can|could|may|might|must|shall|should|does|did|do)\b"
)


def ask(sentence: str, passage: str) -> Iterator[Draft]:
    """When, where, by whom, how much and how many: what a sentence of the passage answers."""
    yield from _by_rules(_PARTICULAR, sentence, passage)


def define(sentence: str, passage: str) -> Iterator[Draft]:
    """What, or who, something is that the sentence tells of."""
    yield from _by_rules(((_WHAT, _what),), sentence, passage)


def _by_rules(rules: Rules, sentence: str, passage: str) -> Iterator[Draft]:
    for pattern, wording in rules:
        match = pattern.match(sentence)
        if match is None:
            continue
        found = match.groupdict()
        if _NO_SUBJECT.search(found.get("subject") or ""):
            continue
        subject = _inside(found.get("subject") or "", passage)
        question = wording(found | {"subject": subject})
        if question:
            yield Draft(" ".join(question.split()), found["answer"].strip(" .,"), sentence)


def blank(sentence: str, passage: str) -> Iterator[Draft]:
    """The sentence with a gap to be filled, for a number, a date or a name in it."""
    for match in _GAP.finditer(sentence):
        gapped = f"{sentence[: match.start()]}____{sentence[match.end() :]}"
        yield Draft(f"What belongs in the gap: “{gapped}”", match.group(), sentence)


def _inside(subject: str, passage: str) -> str:
    """A subject as it stands inside of a sentence: a common word with a small letter."""
    first = subject.split(" ", 1)[0]
    small = first[:1].lower() + first[1:]
    common = _DETERMINER.match(subject) or re.search(rf"(?<![\w-]){re.escape(small)}\b", passage)
    return (
        small + subject[len(first) :]
        if common and not (len(first) > 1 and first.isupper())
        else subject
    )


def _when(found: dict[str, str]) -> str:
    return f"When {found['be']} {found['subject']} {found['done']}?"


def _where(found: dict[str, str]) -> str:
    return f"Where {found['be']} {found['subject']} {found['done']}?"


def _by(found: dict[str, str]) -> str:
    return f"Who or what {found['be']} {found['subject']} {found['done']} by?"


def _much(found: dict[str, str]) -> str:
    verb = found["be"]
    base = {"totaled": "total", "reached": "reach", "amounted to": "amount to"}
    base |= {"equaled": "equal", "exceeded": "exceed"}
    if verb in base:
        return f"How much did {found['subject']} {base[verb]}?"
    return f"How much {verb} {found['subject']}?"


def _there(found: dict[str, str]) -> str:
    return f"How many {found['what']} {found['be']} there {found['done']}?"


def _many(found: dict[str, str]) -> str:
    aux, base = _HAVE[found["verb"]]
    what = found["what"]
    plural = what.endswith("s") or what in ("people", "men", "women", "children")
    return f"How many {what} {aux} {found['subject']} {base}?" if plural else ""


def _what(found: dict[str, str]) -> str:
    subject = found["subject"]
    if not _THING.match(subject) or not _CLOSED.match(found["rest"]):
        return ""
    person = re.fullmatch(_NAME, subject) and _PERSON.search(found["answer"].lower())
    word = "Who" if person or re.match(r"(?:Mr|Mrs|Ms|Dr|Prof)\b", subject) else "What"
    return f"{word} {found['be']} {subject}?"


def _cleft(found: dict[str, str]) -> str:
    return (
        f"When was it that {found['subject']} {found['done']}?"
        if _PAST.search(found["done"])
        else ""
    )


_GAP = re.compile(
    rf"(?<=[a-z] )(?:{_DATE}|{_AMOUNT}|\d[\d,]*\d(?:\.\d+)?"
    r"|[A-Z][\w’'-]+(?: [A-Z][\w’'-]+)+)(?=[\s.,;])"
)

_PARTICULAR: Rules = (
    (_WHEN, _when),
    (_DATE_FIRST, _cleft),
    (_DATE_LAST, _cleft),
    (_WHERE, _where),
    (_BY, _by),
    (_MUCH, _much),
    (_MANY, _many),
    (_THERE, _there),
)
