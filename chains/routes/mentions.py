"""Recognises questions of how often a phrase occurs, and in which documents it stands."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from chains.routes.asked_back import which_document
from chains.routes.asking import (
    DOCS,
    DOCS_ZH,
    LIBRARY,
    all_matches,
    first_match,
    group,
    is_library,
    plain,
    rules,
    unquoted,
)
from chains.routes.counted import holders, occurrences
from chains.routes.formats import FORMAT, FORMAT_ZH, format_of, stands_alone
from chains.routes.route import Route
from chains.routes.shelf import Shelf
from ingest import Document

NAME = "count"
LONGEST = 100  # characters of a phrase that is counted

_WORD = r"(?:the )?(?P<word>words?|phrase|term|name|expression|string|character) "
_SHOWS = (
    r"(?:occurs?|appears?|(?:been )?mentioned|(?:been )?used|(?:been )?found|comes? up|shows? up)"
)
_MENTION = (
    r"(?:mention(?:s|ing|ed)?|contain(?:s|ing)?|includ(?:es?|ing)|refer(?:s|ring)? to"
    r"|cit(?:es?|ing)"
    r"|talk(?:s|ing)? about|discuss(?:es|ing)?|deal(?:s|ing)? with|(?:are |is )?about)"
)
_MENTION_ZH = r"(?:提到|提及|谈到|讲到|说到|包含|含有|出现|涉及|关于)"
_SOME = rf"(?:(?:all|any|all of|every|each of|of) )?(?:(?:the|my|our) )?(?:{FORMAT})?(?:{DOCS})?"

_TIMES = rules(
    rf"how (?:many times|often) (?:does|do|is|are|has|have) (?:{_WORD})?(?P<phrase>.+?) {_SHOWS}"
    r"(?: (?:in|within|across|throughout) (?P<where>.+))?",
    r"(?:how many|count (?:all )?(?:the )?|(?:what is )?the number of) ?"
    r"(?:occurrences|mentions|instances|appearances) of"
    rf" (?:{_WORD})?(?P<phrase>.+?)(?: (?:are|is) there)?(?: (?:in|within|across) (?P<where>.+))?",
    rf"count (?:how (?:many times|often) )?{_WORD}(?P<phrase>.+?)(?: {_SHOWS})?"
    r"(?: (?:in|within|across) (?P<where>.+))?",
    r"(?P<phrase>.+?)(?P<word>这个词语?|一词|这个名字|这个短语|这个字|一字)?(?:在(?P<where>.+?)(?:中|里|里面|内)?)?"
    r"(?:一共|总共|共)?(?:被)?(?:出现|提到|提及|使用)(?:了|过)?(?:多少|几)次",
    r"(?:在)?(?P<where>.+?)(?:中|里|里面|内)?(?:一共|总共|共)?(?:提到|提及|出现|使用)(?:了|过)?(?:多少|几)次"
    r"(?P<phrase>.+)",
    r"(?:统计|数一?下?|计算)(?P<phrase>.+?)(?P<word>这个词语?|一词|这个名字)?(?:在(?P<where>.+?)(?:中|里|里面|内)?)?"
    r"(?:出现|提到|提及)?的?次数",
)
_HOLDERS = rules(
    rf"(?P<how>how many|which|what) (?:of (?:my|the) )?(?P<type>{FORMAT})?(?P<noun>{DOCS})? ?"
    rf"(?:that |are there that )?(?:do )?{_MENTION} (?:{_WORD})?(?P<phrase>.+)",
    rf"(?:list|show|find|name|give)(?: me)?(?: all)?(?: of)?(?: the| my)? (?P<type>{FORMAT})?"
    rf"(?P<noun>{DOCS})? ?(?:that |which )?{_MENTION} (?:{_WORD})?(?P<phrase>.+)",
    rf"in (?P<how>which|how many|what) (?P<type>{FORMAT})?(?P<noun>{DOCS})? ?(?:does|do|is|are)"
    rf" (?:{_WORD})?(?P<phrase>.+?) {_SHOWS}",
    rf"(?:{LIBRARY}中?)?(?:有|里有|中有)?(?P<how>哪些|哪几个|哪几份|哪几篇|哪个|哪份|哪篇|多少|几)"
    rf"(?:个|份|篇|本)?(?P<type>{FORMAT_ZH})?(?P<noun>{DOCS_ZH})?(?:里|中)?(?:里面)?{_MENTION_ZH}(?:了|过)?(?P<phrase>.+)",
    rf"(?:列出|列举|找出|显示|查找)(?:所有|全部|一下)*{_MENTION_ZH}(?:了|过)?(?P<phrase>.+?)的"
    rf"(?:所有|全部)?(?P<type>{FORMAT_ZH})?(?P<noun>{DOCS_ZH})?",
    rf"(?:列出|列举|找出|显示|查找)(?:所有|全部|哪些)*(?P<type>{FORMAT_ZH})?(?P<noun>{DOCS_ZH})?(?:里|中)?"
    rf"{_MENTION_ZH}(?:了|过)?(?P<phrase>.+)",
    rf"(?:有)?(?P<how>多少|几)(?:个|份|篇)(?:关于|涉及)(?P<phrase>.+?)的(?P<type>{FORMAT_ZH})?(?P<noun>{DOCS_ZH})?",
    rf"(?P<phrase>.+?)(?:出现|被提到|被提及)在(?P<how>哪些|多少|哪几个|几)(?:个|份|篇)?(?P<type>{FORMAT_ZH})?"
    rf"(?P<noun>{DOCS_ZH})?(?:里|中)?",
)


@dataclass(frozen=True)
class _Asked:
    """A phrase, where it is to be counted, and what told that it is a phrase."""

    phrase: str
    where: str
    quoted: bool


def route_of(question: str, shelf: Shelf) -> Route | None:
    """The route for such a question; None for any other."""
    text = plain(question)
    if match := first_match(_TIMES, text):
        phrase, quoted = unquoted(group(match, "phrase"))
        asked = _Asked(phrase, group(match, "where"), quoted or bool(group(match, "word")))
        return _times(_narrowed(asked), shelf) if phrase and len(phrase) <= LONGEST else None
    for match in all_matches(_HOLDERS, text):
        format, noun = format_of(group(match, "type")), group(match, "noun")
        phrase, _ = unquoted(group(match, "phrase"))
        if (noun or stands_alone(group(match, "type"))) and 0 < len(phrase) <= LONGEST:
            documents = tuple(d for d in shelf.documents if not format or d.format in format)
            return Route(NAME, partial(holders, phrase, documents))
    return None


def _narrowed(asked: _Asked) -> _Asked:
    """Without what only says where it is anyway: "in total", "in my documents"."""
    where = asked.where.removeprefix("total in ").removeprefix("all of ")
    return replace(asked, where="" if where in ("total", "all") else where)


def _times(asked: _Asked, shelf: Shelf) -> Route | None:
    documents: Sequence[Document] = shelf.documents
    if asked.where and not is_library(asked.where):
        match = shelf.find(asked.where)
        if not match.documents:
            return None
        if match.only is None:
            return which_document(NAME, unquoted(asked.where)[0], match.documents)
        documents = match.documents
    elif not asked.where and not asked.quoted:
        return None  # "How often does the moon appear?" asks the documents, not for a count
    return Route(NAME, partial(occurrences, asked.phrase, tuple(documents)))
