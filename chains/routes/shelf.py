"""The documents that a question may be about, and which of them it names.

A document goes by its title and by its file's name, with or without the suffix.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import PurePath

from ingest import Document, Filter, Library
from ingest.segment import folded
from ingest.upload import SCHEME

ALIKE = 0.86  # of two names' characters: a slip of the finger or two
SHORTEST = 2  # characters by which a document can be named in part
TABULAR = ("csv", "xlsx")

_SUFFIX = re.compile(r"\.[a-z][a-z0-9]{1,5}$", re.IGNORECASE)
_QUOTES = re.compile(r"^[\"'“”‘’„«»「」『』《》〈〉`\s]+|[\"'“”‘’„«»「」『』《》〈〉`\s]+$")
_ARTICLE = re.compile(r"^(?:(?:the|this|that|my|our|your)\s+)+", re.IGNORECASE)
_ANY = ("", "document", "documents", "file", "files", "text", "文档", "文件", "资料")
_LATIN_NOUN = re.compile(
    r"\b(?:the|a|an|my|our|your|this|that|these|all|of|in|from|whole|entire|uploaded|attached"
    r"|documents?|docs?|files?|papers?|articles?|books?|novels?|reports?|texts?|manuals?|handbooks?"
    r"|pages?|pdfs?|spreadsheets?|workbooks?|sheets?|tables?|csv|excel|word|powerpoint|slides?"
    r"|presentations?|called|named|titled|entitled)\b",
    re.IGNORECASE,
)
_HAN_NOUN = re.compile(
    r"^(?:(?:这|那|该|本|我的|一下|名为|叫做|叫|题为|关于|请|把|对|将|在|整)(?:个|份|篇|本|部|张|套)?)+"
    r"|(?:这|那)(?:个|份|篇|本|部|张|套)"
    r"|(?:的)?(?:文档|文件|论文|文章|报告|资料|小说|书籍|手册|表格|数据表|工作表|电子表格|一文|一书|全文|表)$"
)
_SOME_NOUN = re.compile(
    r"\b(?:document|doc|file|paper|article|book|novel|report|text|manual|handbook|pdf|spreadsheet"
    r"|workbook|presentation|slides)\b|文档|文件|论文|文章|报告|资料|小说|书|手册|全文",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Match:
    """The documents that may be meant, and whether each of them bears exactly the name given."""

    documents: tuple[Document, ...] = ()
    exact: bool = False

    @property
    def only(self) -> Document | None:
        """The one document that is meant; None where there is none, or several."""
        return self.documents[0] if len(self.documents) == 1 else None


class Shelf:
    """A library's documents as far as a filter lets them through; read when first asked for."""

    def __init__(self, library: Library, filter: Filter | None = None) -> None:
        self.library = library
        self._filter = None if filter == Filter() else filter

    @property
    def narrow(self) -> bool:
        """Whether there may be documents in the library that are not on it."""
        return self._filter is not None

    @cached_property
    def everything(self) -> tuple[Document, ...]:
        """All documents, failed ones too, by source."""
        documents = self.library.documents()
        if self._filter is None:
            return tuple(documents)
        let = set(self.library.store.documents_where(self._filter).tolist())
        return tuple(document for document in documents if document.id in let)

    @property
    def documents(self) -> tuple[Document, ...]:
        """Those that could be read."""
        return tuple(document for document in self.everything if document.status == "ok")

    def find(self, wanted: str) -> Match:
        """The documents that a text names: by their whole names, or in part, or nearly.

        None for a text without a name, such as "this document".
        """
        return find(wanted, self.documents)


def find(wanted: str, documents: Sequence[Document]) -> Match:
    """As `Shelf.find`, among some documents."""
    light = _even(_ARTICLE.sub("", _QUOTES.sub("", wanted)))
    stem = bare_name(_SUFFIX.sub("", _QUOTES.sub("", wanted)))
    names = [name for name in dict.fromkeys((light, bare_name(wanted), stem)) if name not in _ANY]
    keys = {document: set(_keys(document)) for document in documents}
    for name in names:
        same = tuple(document for document, its in keys.items() if name in its)
        if same:
            return Match(same, exact=True)
    for name in names:
        pattern = _part(name)
        part = tuple(d for d, its in keys.items() if any(pattern.search(key) for key in its))
        if part and len(name) >= SHORTEST:
            return Match(part)
    near = tuple(d for d, its in keys.items() if any(_alike(n, k) for n in names for k in its))
    return Match(near)


def bare_name(text: str) -> str:
    """What a text calls a document, without quotes and words such as "the document"; may be ""."""
    name = _QUOTES.sub("", text)
    before = ""
    while before != name:
        before = name
        name = _QUOTES.sub("", _HAN_NOUN.sub("", _LATIN_NOUN.sub(" ", name).strip()))
    return _even(name)


def names_a_kind(text: str) -> bool:
    """Whether a text speaks of a document at all: "this report", 这篇论文."""
    return bool(_SOME_NOUN.search(text))


def is_file_name(text: str) -> bool:
    """Whether a text looks like a file's name."""
    return bool(_SUFFIX.search(_QUOTES.sub("", text)))


def file_name(document: Document) -> str:
    """The name of a document's file, or of what was uploaded."""
    return PurePath(document.source.removeprefix(SCHEME)).name


def called(document: Document) -> str:
    """What a person is told that a document is called: its title, and the file it is in."""
    name = file_name(document)
    if not document.title or _even(document.title) in (_even(name), _even(_stem(name))):
        return name
    return f"{document.title} ({name})"


def _keys(document: Document) -> Iterator[str]:
    name = file_name(document)
    yield from filter(None, (_even(document.title), _even(name), _even(_stem(name))))
    bare = bare_name(document.title)
    if len(bare) >= SHORTEST:  # "The Annual Report" is named by "annual report"
        yield bare


def _stem(name: str) -> str:
    return PurePath(name).stem


def _even(text: str) -> str:
    """A name with single spaces between its words, whatever parted them before."""
    return re.sub(
        r"[\s_\-–—.,，、:：/\\()（）\[\]【】\"'“”‘’《》「」『』]+", " ", folded(text)
    ).strip()


def _part(name: str) -> re.Pattern[str]:
    """The name as whole words of a longer one; in Chinese, wherever it stands."""
    letter = r"[^\W_\u2e80-\u9fff]"
    return re.compile(rf"(?<!{letter}){re.escape(name)}(?!{letter})")


def _alike(name: str, key: str) -> bool:
    if abs(len(name) - len(key)) > max(2, len(key) // 6) or len(name) < 5:
        return False
    return SequenceMatcher(None, name, key).ratio() >= ALIKE
