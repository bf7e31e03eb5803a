"""Recognises questions about the library itself: what is in it, since when, what failed."""

import re
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import PurePath

from chains.routes.asked_back import which_document
from chains.routes.asking import (
    DOCS,
    DOCS_ZH,
    LIBRARY,
    LIBRARY_ZH,
    MANY_ZH,
    all_matches,
    group,
    plain,
    rules,
    unquoted,
)
from chains.routes.days import DAY, DAY_ZH, days_of
from chains.routes.formats import FORMAT, FORMAT_ZH, format_of, stands_alone
from chains.routes.inventory import Kind, Selection, inventory
from chains.routes.route import Route
from chains.routes.shelf import Shelf, find, is_file_name
from ingest import Document, Filter

NAME = "library"

_TYPE = rf"(?P<type>{FORMAT})?(?P<noun>{DOCS})?"
_HAVE = (
    rf"(?:do (?:i|we|you) have|have (?:i|we)(?: got)?|are (?:there|here)|there are|exist"
    rf"|(?:does|do) {LIBRARY} (?:have|hold|contain)|(?:are |is )?(?:stored |indexed )?in {LIBRARY}"
    rf"|(?:do (?:i|we|you) have|are there|are stored|are indexed) in {LIBRARY})"
)
_FOLDER = r"(?:(?:are )?(?:in|under|inside) (?:the )?(?:folder|directory) (?P<folder>.+?))"
_ADDED = (
    r"(?:(?:that )?(?:were |have been |was |did (?:i|we) |have (?:i|we) |(?:i|we) |are )?"
    rf"(?:added|add|uploaded|upload|indexed|ingested) {DAY})"
)
_LIST = (
    r"(?:list|show|name|display|give me(?: a list of)?|what are)(?: me)?(?: all)?(?: of)?"
    r"(?: the| my)?"
)
_TYPE_ZH = rf"(?P<type>{FORMAT_ZH})?(?P<noun>{DOCS_ZH})?"
_IN_ZH = rf"(?:我|(?:在)?{LIBRARY_ZH}(?:里面|里|中|内)?)?"
_FOLDER_ZH = (
    r"(?:(?:文件夹|目录)(?P<folder>.+?)|(?P<folder2>[^\s]+?)(?:文件夹|目录))(?:里面|里|中|下|内)?"
)
_FAIL = (
    r"(?:failed(?: to (?:load|parse|index|be read|be ingested|ingest))?"
    r"|(?:could ?n[o'’]t|could not|can ?n[o'’]t|cannot|were ?n[o'’]t|were not|are not)"
    r" (?:be )?(?:read|loaded|parsed|indexed|ingested|added|opened))(?:,? and why)?"
)

_RULES: dict[Kind, tuple[re.Pattern[str], ...]] = {
    "count": rules(
        rf"how many {_TYPE} ?(?:{_HAVE})?(?: {_FOLDER}| {_ADDED})?",
        rf"(?:what is )?the number of {_TYPE} ?(?:{_HAVE})?(?: {_FOLDER})?",
        rf"{_IN_ZH}(?:一共|总共|共)?有?{MANY_ZH}{_TYPE_ZH}",
        rf"{_IN_ZH}(?:一共|总共|共)?有?(?P<type>{FORMAT_ZH})?(?P<noun>{DOCS_ZH})(?:一共|总共|共)?有?{MANY_ZH}",
        rf"(?:在)?{_FOLDER_ZH}(?:一共|总共|共)?有{MANY_ZH}{_TYPE_ZH}",
        rf"{_IN_ZH}{DAY_ZH}(?:我)?(?:添加|上传|加入|新增|导入)(?:了|过)?{MANY_ZH}{_TYPE_ZH}",
    ),
    "list": rules(
        rf"(?:what|which) {_TYPE} ?{_HAVE}",
        rf"(?:what|which) {_TYPE} ?(?:{_HAVE} )?(?:{_FOLDER}|{_ADDED})",
        rf"{_LIST} {_TYPE} ?(?:(?:that )?{_HAVE})?(?: {_FOLDER}| {_ADDED})?",
        rf"what(?: is|'s|’s) in {LIBRARY}",
        r"what(?: documents| files)? (?:can i ask (?:you )?about|do you know about)",
        rf"(?:有|列出|列举|显示){_IN_ZH}(?:中|里)?(?:的)?(?:所有|全部|哪些|什么)+(?:的)?{_TYPE_ZH}",
        rf"{_IN_ZH}(?:都)?有(?:哪些|什么|哪几个|哪几份|些什么){_TYPE_ZH}",
        rf"(?:在)?{_FOLDER_ZH}(?:都)?有(?:哪些|什么){_TYPE_ZH}",
        rf"{_IN_ZH}{DAY_ZH}(?:我)?(?:添加|上传|加入|新增|导入)(?:了|过)?(?:哪些|什么){_TYPE_ZH}",
    ),
    "types": rules(
        rf"(?:what|which|how many)(?: different)? (?:(?:types|kinds|sorts|formats) of {DOCS}"
        rf"|(?:file|document) (?:types|kinds|formats)|formats)(?: {_HAVE})?",
        rf"{_IN_ZH}(?:都)?有(?:哪些|什么|哪几种|几种|多少种)(?:类型|格式|种类)(?:的)?{DOCS_ZH}?",
        rf"{_IN_ZH}(?:的)?(?:{DOCS_ZH})?(?:都)?有?(?:哪些|什么|哪几种|几种)(?:类型|格式|种类)",
    ),
    "failed": rules(
        rf"(?:which|what|how many)(?: of (?:my|the))? {DOCS}(?: that)?(?: have)? {_FAIL}",
        rf"{_LIST} (?:failed {DOCS}|{DOCS} (?:that |which )?(?:have )?{_FAIL})",
        rf"(?:are there (?:any )?|any )(?:failed {DOCS}|{DOCS} that {_FAIL})",
        r"(?:what|did anything) (?:failed|fail|went wrong)(?: and why)?",
        r"why (?:did|has|was|is|could) (?P<name>.+?) "
        r"(?:fail(?:ed)?(?: to (?:load|parse))?|not (?:be )?(?:read|indexed|added|loaded))",
        rf"{_IN_ZH}(?:有)?(?:哪些|多少个?|几个|什么){DOCS_ZH}"
        rf"(?:读取失败|导入失败|解析失败|失败|无法读取|读不了|不能读取|没有读成|没能读取)(?:了)?(?:[，？?]?为什么|[，？?]?原因是什么|[，？?]?为何)?",
        rf"(?:列出|显示)(?:所有|全部)?(?:读取|导入|解析)?失败的{DOCS_ZH}(?:和原因|及原因)?",
        r"(?P<name>.+?)为什么(?:读取|导入|解析)?失败(?:了)?",
    ),
    "size": rules(
        rf"how (?:big|large) is {LIBRARY}",
        rf"how much (?:disk )?(?:space|storage) does {LIBRARY} (?:take|use|need|occupy)(?: up)?",
        rf"(?:what is )?the size of {LIBRARY}",
        rf"how many (?:pages|passages|chunks) (?:{_HAVE}|are there)",
        rf"{LIBRARY_ZH}(?:一共|总共|共)?(?:有)?(?:多大|占(?:用)?(?:了)?多少空间)",
        rf"{_IN_ZH}(?:一共|总共|共)?有(?:多少|几)(?:页|个段落|个片段|个分块)",
    ),
    "embedder": rules(
        r"(?:what|which) (?:embedder|embedding model|embeddings?)"
        r" (?:(?:is|are) (?:used|in use|this)"
        rf"|(?:does|do) (?:{LIBRARY}|you) use|(?:was|is) {LIBRARY} built with)",
        rf"{_IN_ZH}(?:使用|用)(?:的|了)?(?:是)?(?:什么|哪个|哪种)(?:嵌入模型|向量模型|嵌入器)",
        rf"{_IN_ZH}(?:的)?(?:嵌入模型|向量模型)是(?:什么|哪个)",
    ),
    "newest": rules(
        r"(?:what|which)(?: is| are| was| were)?(?: the)?"
        r" (?:newest|latest|most recent(?:ly added)?|last)"
        rf"(?: added)? {_TYPE} ?(?:{_HAVE}|added|uploaded)?",
        r"what (?:did i|have i|was) (?:add|added|upload|uploaded) (?:last|recently|most recently)",
        rf"{_IN_ZH}(?:最近|最新)(?:添加|上传|加入|导入)?(?:的|了)?(?:是)?(?:哪些|什么|哪个)?{_TYPE_ZH}"
        r"(?:是哪个|是哪些|是什么|有哪些)?",
    ),
    "about": rules(
        r"when (?:was|were|has) (?P<name>.+?) (?:been )?(?:added|uploaded|indexed|ingested)"
        rf"(?: to {LIBRARY})?",
        rf"when did (?:i|we) (?:add|upload|index) (?P<name>.+?)(?: to {LIBRARY})?",
        r"how many pages (?:does|has) (?P<file>.+?)(?: have)?",
        r"how (?:big|large|long) is (?P<file>.+)",
        r"(?P<name>.+?)(?:是)?(?:什么时候|何时|哪天)(?:添加|上传|加入|导入)(?:的|到库里的)?",
        r"(?P<file>.+?)(?:一共|总共|共)?有(?:多少|几)页",
    ),
}
_LIBRARY_SAID = re.compile(r"\b(?:library|collection|knowledge base)\b|库", re.IGNORECASE)


@dataclass(frozen=True)
class _Narrow:
    """Which of the library's documents are asked for; "" and () for all."""

    formats: tuple[str, ...] = ()
    folder: str = ""
    days: str = ""


def route_of(question: str, shelf: Shelf) -> Route | None:
    """The route for a question about the library itself; None for any other."""
    text = plain(question)
    for kind, patterns in _RULES.items():
        for match in all_matches(patterns, text):
            route = _route(kind, match, text, shelf)
            if route:
                return route
    return None


def _route(kind: Kind, match: re.Match[str], text: str, shelf: Shelf) -> Route | None:
    name, file = group(match, "name"), group(match, "file")
    if name or file:
        return _of_one(kind, name or file, shelf) if name or is_file_name(file) else None
    written, noun = group(match, "type"), group(match, "noun")
    named = noun or stands_alone(written) or "noun" not in match.groupdict()
    if not named and (written or not _LIBRARY_SAID.search(text)):
        return None  # "How many words are there?", "What is there?"
    narrow = _Narrow(format_of(written), group(match, "folder", "folder2"), group(match, "when"))
    selection = _selected(narrow, shelf)
    return Route(NAME, partial(inventory, kind, selection)) if selection else None


def _of_one(kind: Kind, name: str, shelf: Shelf) -> Route | None:
    """The route for a question about one document, failed ones too."""
    found = find(name, shelf.everything)
    if not found.exact:
        return None
    if len(found.documents) > 1:
        return which_document(NAME, unquoted(name)[0], found.documents)
    return Route(NAME, partial(inventory, "about", Selection(found.documents, whole=False)))


def _selected(narrow: _Narrow, shelf: Shelf) -> Selection | None:
    """The documents that are asked for; None where folder or day make no sense."""
    documents = shelf.everything
    if narrow == _Narrow():
        return Selection(documents, whole=not shelf.narrow)
    if narrow.formats:
        documents = tuple(d for d in documents if d.format in narrow.formats)
    if narrow.days:
        days = days_of(narrow.days, date.today())
        if days is None:
            return None
        filter = Filter(added_after=days[0], added_before=days[1])
        let = set(shelf.library.store.documents_where(filter).tolist())
        documents = tuple(d for d in documents if d.id in let)
    if narrow.folder:
        wanted = unquoted(narrow.folder)[0].strip("/\\").lower()
        documents = tuple(d for d in documents if _lies_in(d, wanted))
    return Selection(documents, whole=False)


def _lies_in(document: Document, folder: str) -> bool:
    """Whether a document lies under a folder of that name, or of that path."""
    if document.origin != "path":
        return False
    above = PurePath(document.source.lower()).parent.as_posix()
    return f"/{folder}/" in f"{above}/"
