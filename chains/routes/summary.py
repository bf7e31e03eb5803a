"""Recognises requests for a summary; models that quote get the document's central sentences."""

from functools import partial

from chains.quoting import unbroken
from chains.routes.asked_back import which_document
from chains.routes.asking import all_matches, group, is_library, plain, rules, unquoted
from chains.routes.central import Central, central_sentences
from chains.routes.digest import digest
from chains.routes.reply import Reply
from chains.routes.route import Errand, Outcome, Route, Summarising
from chains.routes.shelf import Shelf, bare_name, called, file_name, is_file_name, names_a_kind
from chains.routes.written import writes
from ingest import Document

NAME = "summarise"
NUMBERS = "one two three four five six seven eight nine ten eleven twelve".split()
NUMBERS_ZH = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
SURVEYED = 12  # documents of a whole library of which a sentence each is quoted

_LENGTH = (
    r"(?:,? (?:in|with|using) (?:about |at most |up to )?(?P<count>\d{1,2}|[a-z]+)"
    r" (?:short |brief )?"
    r"(?:sentences?|bullet points?|bullets|points?|lines?))?(?:,? briefly)?"
)
_KIND = r"(?:summary|overview|synopsis|abstract|gist|recap|tl;?dr)"
_LENGTH_ZH = r"(?:，?用(?P<count>[一二三四五六七八九十两\d]{1,3})(?:句话|句|点|条)(?:话)?)"
_SUM_ZH = r"(?:总结|概括|概述|归纳|摘要|简述|提炼)"
_ABOUT_ZH = r"(?:主要)?(?:的)?(?:全部|核心|主要)?(?:内容|要点|大意|主旨|重点|观点)?"

_REQUESTS = rules(
    r"(?:briefly )?(?:summari[sz]e|sum up|recap|condense|tl;?dr(?: of|:)?)"
    rf"(?: (?P<what>.+?))??{_LENGTH}",
    r"(?:give|write|make|show|provide|create|produce)(?: me)?(?: (?:a|an|the))?(?: [a-z-]+)?"
    rf" {_KIND}"
    rf"(?: (?:of|for) (?P<what>.+?))?{_LENGTH}",
    rf"(?:what(?: is|'s|’s) )?(?:(?:a|an|the) )?(?:short |brief |quick |concise )?{_KIND}"
    rf"(?: (?:of|for) (?P<what>.+?))?{_LENGTH}",
    r"(?:what are |list |give me )?(?:the )?(?:main|key) (?:points?|ideas?|takeaways?|messages?)"
    rf" (?:of|in|from) (?P<what>.+?){_LENGTH}",
    rf"{_LENGTH_ZH}?{_SUM_ZH}(?:一下|下)?(?P<what>.*?){_ABOUT_ZH}",
    rf"{_SUM_ZH}(?:一下|下)?(?P<what>.*?){_ABOUT_ZH}{_LENGTH_ZH}",
    rf"(?:把|对|将)(?P<what>.+?)(?:进行|做|作)?(?:一个|个|一下)?{_SUM_ZH}(?:一下|下)?{_LENGTH_ZH}?",
    rf"(?:写|生成|做|给出?|来)?(?:一个|一份|一段|个|份)?(?P<what>.+?)的(?:摘要|概要|总结|概述|梗概|概括)"
    rf"(?:是什么)?{_LENGTH_ZH}?",
)
_ABOUT = rules(  # an ordinary question may be put like that: the document must be named in full
    r"what (?:is|are) (?P<what>.+?) (?:all |mainly |mostly )?about",
    r"what does (?P<what>.+?) (?:say|talk about|cover|deal with|discuss)",
    r"(?P<what>.+?)(?:主要|大概|大致|到底)?(?:讲|说|写|讲述)(?:了|的是|的)?(?:些)?什么(?:内容)?",
    r"(?P<what>.+?)的(?:主要|大致)?内容是什么",
)


def route_of(question: str, shelf: Shelf) -> Route | None:
    """The route for a request to summarise a document, or the library; None for any other."""
    text = plain(question)
    for match in all_matches(_REQUESTS, text):
        route = _route(group(match, "what"), _count(group(match, "count")), shelf)
        if route:
            return route
    for match in all_matches(_ABOUT, text):
        what = group(match, "what")
        found = shelf.find(what)
        named = found.exact and (is_file_name(what) or names_a_kind(what) or text.isascii())
        if named or (names_a_kind(what) and not bare_name(what)):
            return _route(what, None, shelf)
    return None


def _route(what: str, count: int | None, shelf: Shelf) -> Route | None:
    documents = shelf.documents
    if is_library(what) and len(documents) != 1:
        return Route(NAME, partial(_survey, documents)) if documents else None
    if not bare_name(what) or what.lower() in ("it", "this", "that", "它"):
        if not (names_a_kind(what) or what.lower() in ("", "it", "this", "that", "它")):
            return None
        found = shelf.find(what).documents or documents
    else:
        found = shelf.find(what).documents
        if not found and not names_a_kind(what) and not is_file_name(what):
            return None  # "Summarise the causes of the war": a question like any other
    if len(found) == 1:
        return Route(NAME, partial(_summarise, found[0], count))
    wanted = unquoted(what)[0] if bare_name(what) else ""
    return which_document(NAME, wanted, found) if documents else None


def _count(written: str) -> int | None:
    """The number of sentences that is asked for."""
    for numbers in (NUMBERS, NUMBERS_ZH):
        if written.lower().replace("两", "二") in numbers:
            return numbers.index(written.lower().replace("两", "二")) + 1
    return min(max(int(written), 1), len(NUMBERS)) if written.isdecimal() else None


def _summarise(document: Document, count: int | None, errand: Errand) -> Outcome:
    shelf = errand.shelf
    errand.report(Summarising(0, 1))
    central = central_sentences(shelf.library, document, errand.evidence, count)
    if central.passages and writes(errand.llm()):
        return digest(document, count, central, errand)
    errand.report(Summarising(1, 1))
    reply = Reply()
    for number, place in enumerate(central.places):
        reply.say("\n\n" if number else "")
        reply.say(unbroken(place.text), [place])
    errand.spent.quoted = True
    return reply.outcome(_quoted(document, central, errand), computed=False)


def _quoted(document: Document, central: Central, errand: Errand) -> str:
    name, count = file_name(document), len(central.places)
    sampled = central.read < central.passages
    where_en = (
        f"{central.read} of its {central.passages:,} passages, spread evenly over it"
        if sampled
        else "all of its passages"
    )
    where_zh = (
        f"{central.passages:,} 个段落中选取的 {central.read} 个（每个等长部分各一个）"
        if sampled
        else "全部段落"
    )
    return errand.told(
        f"I quoted the {count} most central of {central.sentences:,} sentences of {name}, "
        f"from {where_en}.",
        f"以上是 {name} 中最具代表性的 {count} 句原文，"
        f"选自{where_zh}的 {central.sentences:,} 个句子。",
    )


def _survey(documents: tuple[Document, ...], errand: Errand) -> Outcome:
    """A sentence of each of the first documents: what is in the library, in its own words."""
    reply = Reply()
    shown = documents[:SURVEYED]
    for number, document in enumerate(shown):
        errand.report(Summarising(number, len(shown)))
        central = central_sentences(errand.shelf.library, document, errand.evidence, 1)
        reply.say("\n\n" if number else "")
        reply.say(f"{called(document)}: ")
        if central.places:
            place = central.places[0]
            reply.say(unbroken(place.text), [place])
    errand.report(Summarising(len(shown), len(shown)))
    errand.spent.quoted = True
    did = errand.told(
        f"I quoted a central sentence from {len(shown):,} of {len(documents):,} documents.",
        f"以上从 {len(documents):,} 个文档中的 {len(shown):,} 个里各引用了一句有代表性的原文。",
    )
    return reply.outcome(did, computed=True)
