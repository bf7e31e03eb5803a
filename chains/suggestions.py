"""What may be asked next: questions that the documents answer, drafted by rule.

No model is asked. The sentences are those of the passages that an answer had, and of what stands
around them; headings and summaries take the place of questions where the rules find none.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import PurePath

from langchain_core.documents import Document

from chains.evaluation import asking_chinese, asking_english
from chains.evaluation.draft import stand_alone
from chains.evaluation.scores import holds
from chains.language import Language, language_of
from chains.readable import readable
from chains.routes.shelf import TABULAR, find
from chains.words import content_words, overlap, stems
from ingest import Library, Page

AROUND = 2500  # characters of the page before and behind a passage that are looked through
DOCUMENTS = 4  # documents that are looked through, those first that an answer rests on
SAID = 0.75  # of a question's words: with so many in common, two ask the same
KNOWN = 0.6  # of a sentence's words: with so many in the answer, that says it
TITLE = 60  # characters of a title that a question may hold
RULES = {
    "en": (asking_english.ask, asking_english.define),
    "zh": (asking_chinese.ask, asking_chinese.define),
}
_HEADING = re.compile(r"[^\W\d_][^:：;；.。?？!！|()（）“”\"<>/\\—–…]{3,48}")
_USUAL = re.compile(
    r"(?i:contents|table of contents|introduction|overview|summary|abstract|conclusions?|references"
    r"|bibliography|appendix.*|index|notes?|see also|external links|further reading|for .*|about.*"
    r"|acknowledge?ments?|history|background|discussion|results?|chapter.*|part .*|section.*"
    r"|illustrations|preface|foreword|(?:why|what|how|when|where|who|which)\b.*|.*\bet al\b.*)"
    r"|[^a-z\u3400-\u9fff]*|目录|目次|前言|引言|序言?|简介|概述|概要|摘要|总结|结论|小结|参考.*|附录.*|索引|致谢|外部链接|历史|注释"
    r"|第.*[章节部]|.*(?:什么|怎样|如何|为何|怎么|多少).*"
)


@dataclass(frozen=True)
class _Around:
    """A passage's page, as far as it is looked through."""

    source: str
    title: str
    text: str
    headings: tuple[str, ...]


def suggestions(
    question: str,
    answer: str,
    sources: Sequence[Document],
    library: Library,
    *,
    asked: Sequence[str] = (),
    count: int = 3,
) -> list[str]:
    """Up to `count` questions in the question's language, none of them asked or answered already.

    `sources` are the passages of the answer, those first that matter most; `asked` the questions of
    the conversation before. [] without sources, as where a library is empty.
    """
    language = language_of(question)
    places = _around(sources, library)
    done = [question, *asked]
    by_document: list[list[str]] = []
    for source in list(dict.fromkeys(place.source for place in places))[:DOCUMENTS]:
        own = [place for place in places if place.source == source]
        by_document.append(list(_drafted(own, language, question, answer)))
    turns = [each for turn in zip_longest(*by_document) for each in turn if each]
    first, alike = _varied([each for each in turns if _is_new(each, done)], language)
    answered = sources[0].metadata.get("headings") or () if sources else ()
    sections = [each for each in _of_headings(places, language, answered) if each not in done]
    found = [*first, *sections, *alike]
    if not found:
        found = [each for each in _summaries(places, language, library) if _is_new(each, done)][:1]
    return found[: max(count, 0)]


def _varied(questions: Sequence[str], language: Language) -> tuple[list[str], list[str]]:
    """The first of each kind, and those that ask the same of something else."""
    first: dict[str, str] = {}
    alike: list[str] = []
    for each in questions:
        words = each.split()
        kind = each[-7:] if language == "zh" else " ".join([*words[:2], words[-1]])
        if kind not in first and _is_new(each, first.values()):
            first[kind] = each
        elif kind in first:
            alike.append(each)
    return list(first.values()), alike


def _around(sources: Iterable[Document], library: Library) -> list[_Around]:
    """What stands around the passages: more of their pages, and the next and the one before."""
    pages: dict[tuple[str, int], list[Page]] = {}
    found: dict[_Around, None] = {}
    for passage in sources:
        data = passage.metadata
        source, number = str(data.get("source") or ""), data.get("page")
        if not isinstance(number, int) or _suffix(source) in TABULAR:
            continue
        start, end = (int(data.get(name) or 0) for name in ("start", "end"))
        for step in (0, 1, -1):
            place = (source, number + step)
            if place not in pages:  # none where the document is gone, or has no such page
                pages[place] = library.store.pages(*place)
            for page in pages[place]:
                length = len(page.text)
                begin, behind = {0: (start, end), 1: (0, 0), -1: (length, length)}[step]
                first, last = max(begin - AROUND, 0), behind + AROUND
                text, within = _whole(page.text, first, last), range(first, last)
                headings = tuple(each.title for each in page.headings if each.start in within)
                found[_Around(source, str(data.get("title") or ""), text, headings)] = None
    return list(found)


def _suffix(source: str) -> str:
    return PurePath(source).suffix.lstrip(".").lower()


def _whole(text: str, start: int, end: int) -> str:
    """That part of a text without the sentences, or lines, that are cut through at its ends."""
    part = text[start:end]
    if start:
        part = re.split(r"\n|(?<=[.。!！?？])\s*", part, maxsplit=1)[-1]
    return part if end >= len(text) else re.sub(r"[^\n.。!！?？]*$", "", part)


def _drafted(
    places: Sequence[_Around], language: Language, question: str, answer: str
) -> Iterator[str]:
    """Questions of one document's sentences, those first that are of what was asked about."""
    topic = stems(question) | stems(answer)
    put: dict[str, str] = {}
    for place in places:
        for sentence in stand_alone(place.text, language):
            told = overlap(content_words(sentence), content_words(answer)) >= KNOWN
            if sentence not in put and not told:
                put[sentence] = _asked_of(sentence, place.text, language, answer)
    drafted = [each for each in put.values() if each]
    # Two sentences that answer one question in two ways: it is not clear what is asked.
    clear = [each for each in drafted if drafted.count(each) == 1]
    yield from sorted(clear, key=lambda each: -overlap(stems(each), topic))


def _asked_of(sentence: str, page: str, language: Language, answer: str) -> str:
    """The first question of a sentence that reads well and that the answer leaves open, or ""."""
    for rule in RULES[language]:
        for draft in rule(sentence, page):
            put = readable(draft, language, page) if draft.sound else ""
            told = holds(answer, [draft.answer])
            if put and not (told and overlap(stems(put), stems(answer)) >= KNOWN):
                return put
    return ""


def _of_headings(
    places: Sequence[_Around], language: Language, answered: Sequence[str]
) -> Iterator[str]:
    """What the documents say in sections that are not `answered`, of each document in turn."""
    by_document: dict[str, dict[str, None]] = {}
    for place in places:
        if not place.title or len(place.title) > TITLE or language_of(place.title) != language:
            continue
        for heading in place.headings:
            usual = _USUAL.fullmatch(heading) or not _HEADING.fullmatch(heading)
            same = heading.casefold() == place.title.casefold() or heading in answered
            if usual or same or language_of(heading) != language or len(heading.split()) > 6:
                continue
            if language == "zh":
                put = f"关于“{heading}”，《{place.title}》是怎么说的？"
            else:
                put = f"What does {place.title} say about “{heading}”?"
            by_document.setdefault(place.source, {})[put] = None
    for turn in zip_longest(*by_document.values()):
        yield from filter(None, turn)


def _summaries(places: Sequence[_Around], language: Language, library: Library) -> Iterator[str]:
    """Requests for summaries of the documents that can be told by their titles."""
    documents = library.documents() if places else []
    readable_ones = [document for document in documents if document.status == "ok"]
    for place in places:
        if place.title and len(place.title) <= TITLE:
            meant = find(place.title, readable_ones).only
            if meant is not None and meant.source == place.source:
                zh = language == "zh"
                yield f"总结《{place.title}》" if zh else f"Summarize “{place.title}”"


def _is_new(put: str, others: Iterable[str]) -> bool:
    words = content_words(put)
    return all(
        overlap(words, content_words(other)) < SAID or overlap(content_words(other), words) < SAID
        for other in others
    )
