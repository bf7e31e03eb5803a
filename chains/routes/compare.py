"""Recognises requests to compare two documents of the library: their evidence side by side.

Both must be named: by their whole names, or so that nothing else can be meant. What is compared
otherwise ("compare cats and dogs") is a question like any other.
"""

import re
from functools import partial

from langchain_core.documents import Document as Passage

from chains.quoting import unbroken
from chains.routes.asking import all_matches, group, plain, rules
from chains.routes.central import central_sentences
from chains.routes.place import Place
from chains.routes.reply import Reply
from chains.routes.route import Errand, Outcome, Route
from chains.routes.shelf import Shelf, called, is_file_name, names_a_kind
from chains.routes.written import comparison, writes
from ingest import Document, Filter

NAME = "compare"
PASSAGES = 3  # of each document
SENTENCES = 3  # that are quoted of each document

_TOPIC = (
    r"(?:,? (?:on|about|regarding|concerning|with (?:regard|respect) to|in terms of|in regard to"
    r"|when it comes to|as to) (?P<topic>.+?))?"
)
_TOPIC_ZH = r"(?:在(?P<topic>.+?)(?:方面|上|问题上))?"
_REQUESTS = rules(
    rf"(?:compare|contrast|compare and contrast) (?P<both>.+?){_TOPIC}",
    r"(?:what(?: is|'s|’s| are) |tell me |explain |list )?(?:the )?(?:main |key )?"
    rf"(?:differences?|similarities|similarity) (?:between|of) (?P<both>.+?){_TOPIC}",
    rf"how (?:do|does) (?P<both>.+?) (?:differ|compare){_TOPIC}",
    rf"(?P<both>.+? (?:vs\.?|versus) .+?){_TOPIC}",
    rf"(?:比较|对比)(?:一下|下)?(?P<both>.+?){_TOPIC_ZH}(?:的?(?:异同|区别|差异|不同|内容))?",
    rf"(?:把|将)(?P<both>.+?){_TOPIC_ZH}(?:进行|做|作)?(?:一个|个|一下)?(?:比较|对比)(?:一下)?",
    rf"(?P<both>.+?){_TOPIC_ZH}(?:之间)?(?:的|有|有何|有什么|有哪些|存在哪些)+(?:主要)?"
    r"(?:区别|不同|差异|异同|差别|相同点|不同点|不同之处)(?:是什么|在哪里|在哪)?",
)
_BETWEEN = re.compile(
    r" and the | and | with | to | versus | vs\.? | from |和|与|跟|同|及|以及|、", re.IGNORECASE
)


def route_of(question: str, shelf: Shelf) -> Route | None:
    """The route for a request to compare two of the library's documents; None for any other."""
    text = plain(question)
    for match in all_matches(_REQUESTS, text):
        pair = _pair(group(match, "both"), shelf)
        if pair:
            return Route(NAME, partial(_compare, pair, group(match, "topic")))
    return None


def _pair(both: str, shelf: Shelf) -> tuple[Document, Document] | None:
    """The two documents that are named, wherever the text is parted."""
    for between in _BETWEEN.finditer(both):
        left = _one(both[: between.start()], shelf)
        right = _one(both[between.end() :], shelf) if left else None
        if left and right and left.id != right.id:
            return left, right
    return None


def _one(name: str, shelf: Shelf) -> Document | None:
    found = shelf.find(name)
    sure = found.exact or names_a_kind(name) or is_file_name(name)
    return found.only if sure else None


def _compare(pair: tuple[Document, Document], topic: str, errand: Errand) -> Outcome:
    reply = Reply()
    sides = [_side(document, topic, errand) for document in pair]
    if writes(errand.llm()) and all(sides):
        return comparison(pair, topic, sides, errand)
    for number, (document, places) in enumerate(zip(pair, sides, strict=True)):
        reply.say("\n\n" if number else "")
        reply.say(f"{called(document)}:" if errand.language == "en" else f"{called(document)}：")
        if not places:
            reply.say(errand.told(" nothing on this.", "没有相关内容。"))
        for place in places:
            reply.say("\n\n")
            reply.say(unbroken(place.text), [place])
    errand.spent.quoted = True
    return reply.outcome(_did(topic, errand), computed=False, found=any(sides))


def _side(document: Document, topic: str, errand: Errand) -> list[Place]:
    """The sentences of one document that bear on the topic most; without one, its central ones."""
    library = errand.shelf.library
    if not topic:
        return central_sentences(library, document, errand.evidence, SENTENCES).places
    only = Filter(sources=(document.source,))
    found: list[Passage] = library.search(topic, k=PASSAGES, filter=only)
    best = errand.evidence.read(found).best(topic, errand.evidence.embed(topic))
    places = []
    for sentence, _ in best[:SENTENCES]:
        where = found[sentence.passage].metadata
        page = library.page(document.source, where["page"])
        begin = where["start"]
        places.append(Place(document, page, begin + sentence.start, begin + sentence.end))
    return sorted(places, key=lambda place: (place.page.number, place.start))


def _did(topic: str, errand: Errand) -> str:
    if topic:
        return errand.told(
            f"I searched each document for “{topic}” and quoted the sentences that fit best.",
            f"已分别在两个文档中检索“{topic}”，并引用最相关的原句。",
        )
    return errand.told(
        "I quoted the most central sentences of each document. Name a topic to compare them on it.",
        "以上引用了两个文档各自最具代表性的原句；可以指定一个方面来比较。",
    )
