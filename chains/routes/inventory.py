"""Says what is in the library: how many documents, which, of what types, and what failed and why.

Everything is read from the library's database; nothing of it is guessed.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import ByteSize

from chains.routes.asked_back import bulleted
from chains.routes.reply import Reply
from chains.routes.route import Errand, Outcome
from chains.routes.shelf import called, file_name
from ingest import Document

Kind = Literal["count", "list", "types", "failed", "size", "embedder", "newest", "about"]
LISTED = 50  # documents that are named
NEWEST = 10


@dataclass(frozen=True)
class Selection:
    """The documents that are asked about, failed ones too, and whether they are all there are."""

    documents: tuple[Document, ...]
    whole: bool = True

    @property
    def read(self) -> list[Document]:
        """Those that could be read."""
        return [document for document in self.documents if document.status == "ok"]

    @property
    def failed(self) -> list[Document]:
        """Those that could not."""
        return [document for document in self.documents if document.status != "ok"]


def inventory(kind: Kind, selection: Selection, errand: Errand) -> Outcome:
    """The answer to one kind of question about some documents."""
    reply = Reply()
    _SAY[kind](reply, selection, errand)
    did = errand.told(
        "I looked this up in the library's own records.", "以上信息直接查自文档库的记录。"
    )
    if errand.shelf.narrow and kind not in ("about", "embedder"):
        did += errand.told(
            " Only the documents that this question is limited to count.",
            "仅计入这个问题所限定的文档。",
        )
    return reply.outcome(did)


def _count(reply: Reply, selection: Selection, errand: Errand) -> None:
    read, failed = len(selection.read), len(selection.failed)
    held_en = "The library holds" if selection.whole else "I found"
    held_zh = "文档库中有" if selection.whole else "符合的有"
    reply.say(
        errand.told(
            f"{held_en} {_number(read, 'document')}{_formats_en(selection)}.",
            f"{held_zh} {read:,} 个文档{_formats_zh(selection)}。",
        )
    )
    if failed:
        reply.say(
            errand.told(
                f" {_number(failed, 'other')} could not be read.", f"另有 {failed:,} 个未能读取。"
            )
        )


def _list(reply: Reply, selection: Selection, errand: Errand) -> None:
    _count(reply, selection, errand)
    reply.say(bulleted([_line(document) for document in selection.read], errand, LISTED))


def _types(reply: Reply, selection: Selection, errand: Errand) -> None:
    counts = Counter(document.format for document in selection.read)
    reply.say(
        errand.told(
            f"{_number(len(selection.read), 'document')} of {_number(len(counts), 'type')}"
            + (":" if counts else "."),
            f"{len(selection.read):,} 个文档，{len(counts):,} 种类型" + ("：" if counts else "。"),
        )
    )
    reply.say(bulleted([f"{form}: {count:,}" for form, count in counts.most_common()], errand))


def _failed(reply: Reply, selection: Selection, errand: Errand) -> None:
    failed = selection.failed
    if not failed:
        reply.say(
            errand.told(
                f"None: all {len(selection.read):,} documents could be read.",
                f"没有：全部 {len(selection.read):,} 个文档都已读取。",
            )
        )
        return
    reply.say(
        errand.told(
            f"{len(failed):,} of {len(selection.documents):,} documents could not be read:",
            f"{len(selection.documents):,} 个文档中有 {len(failed):,} 个未能读取：",
        )
    )
    lines = [f"{file_name(document)}: {document.error}" for document in failed]
    reply.say(bulleted(lines, errand, LISTED))


def _size(reply: Reply, selection: Selection, errand: Errand) -> None:
    if errand.shelf.narrow:
        _size_of(reply, selection.read, errand)
        return
    status = errand.shelf.library.status()
    size = ByteSize(status["bytes"]).human_readable()
    reply.say(
        errand.told(
            f"The library takes {size} on disk: {_number(status['documents'], 'document')}, "
            f"{_number(status['pages'], 'page')}, {_number(status['chunks'], 'passage')}.",
            f"文档库占用磁盘 {size}：{status['documents']:,} 个文档、{status['pages']:,} 页、"
            f"{status['chunks']:,} 个段落。",
        )
    )


def _size_of(reply: Reply, documents: Sequence[Document], errand: Errand) -> None:
    """Of some documents; what their passages take on disk is not told apart."""
    pages, chunks = (sum(each.pages for each in documents), sum(each.chunks for each in documents))
    reply.say(
        errand.told(
            f"{_number(len(documents), 'document')}, {_number(pages, 'page')}, "
            f"{_number(chunks, 'passage')}.",
            f"{len(documents):,} 个文档、{pages:,} 页、{chunks:,} 个段落。",
        )
    )


def _embedder(reply: Reply, selection: Selection, errand: Errand) -> None:
    name, dimensions = errand.shelf.library.built_with
    if not name:
        reply.say(errand.told("Nothing has been embedded yet.", "还没有嵌入任何文档。"))
        return
    reply.say(
        errand.told(
            f"The library was built with {name}: {dimensions:,} numbers per passage.",
            f"文档库使用的嵌入模型是 {name}，每个段落 {dimensions:,} 维。",
        )
    )


def _newest(reply: Reply, selection: Selection, errand: Errand) -> None:
    ordered = sorted(selection.read, key=lambda each: (each.added_at, each.id), reverse=True)
    reply.say(errand.told("Added last:", "最近添加的文档：") if ordered else "")
    if not ordered:
        _count(reply, selection, errand)
    lines = [f"{called(document)} ({_day(document)})" for document in ordered]
    reply.say(bulleted(lines[:NEWEST], errand))


def _about(reply: Reply, selection: Selection, errand: Errand) -> None:
    document = selection.documents[0]
    if document.status != "ok":
        _failed(reply, selection, errand)
        return
    size = ByteSize(document.size).human_readable()
    reply.say(
        errand.told(
            f"{called(document)} was added on {_day(document)}: {document.format}, {size}, "
            f"{_number(document.pages, 'page')}, {_number(document.chunks, 'passage')}.",
            f"{called(document)} 于 {_day(document)} 添加：{document.format}，{size}，"
            f"{document.pages:,} 页，{document.chunks:,} 个段落。",
        )
    )


_SAY: dict[Kind, Callable[[Reply, Selection, Errand], None]] = {
    "count": _count,
    "list": _list,
    "types": _types,
    "failed": _failed,
    "size": _size,
    "embedder": _embedder,
    "newest": _newest,
    "about": _about,
}


def _line(document: Document) -> str:
    return f"{called(document)} · {document.format} · {document.pages:,} · {_day(document)}"


def _day(document: Document) -> str:
    return document.added_at[:10]


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _formats_en(selection: Selection) -> str:
    shown = _formats(selection.read)
    return f" ({shown})" if shown else ""


def _formats_zh(selection: Selection) -> str:
    shown = _formats(selection.read)
    return f"（{shown}）" if shown else ""


def _formats(documents: Sequence[Document]) -> str:
    counts = Counter(document.format for document in documents)
    return ", ".join(f"{count:,} {form}" for form, count in counts.most_common(6))
