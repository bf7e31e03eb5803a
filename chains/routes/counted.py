"""Says how often a phrase stands in documents, and in which; each number with its places."""

from chains.routes.asked_back import SHOWN as LISTED
from chains.routes.occurrences import SHOWN, Tally, tally
from chains.routes.reply import Reply
from chains.routes.route import Errand, Outcome
from chains.routes.shelf import called, file_name
from ingest import Document


def occurrences(phrase: str, documents: tuple[Document, ...], errand: Errand) -> Outcome:
    """How often, in one document or in several."""
    found = tally(phrase, documents, errand)
    reply = Reply()
    reply.say(_total(phrase, documents, found, errand), found.places)
    if len(documents) > 1 and found.counts:
        _say_documents(reply, found, errand)
    return reply.outcome(_did(phrase, documents, found, errand))


def holders(phrase: str, documents: tuple[Document, ...], errand: Errand) -> Outcome:
    """In which documents, most often first."""
    found = tally(phrase, documents, errand)
    reply = Reply()
    several, all_of_them = len(found.counts), len(documents)
    places = [found.first[document] for document in found.ranked()[:SHOWN]]
    reply.say(
        errand.told(
            f"“{phrase}” stands in {several:,} of {all_of_them:,} {_documents(all_of_them)}"
            + (":" if several else "."),
            f"在 {all_of_them:,} 个文档中，有 {several:,} 个包含“{phrase}”"
            + ("：" if several else "。"),
        ),
        places,
    )
    if several:
        _say_documents(reply, found, errand)
    return reply.outcome(_did(phrase, documents, found, errand))


def _total(phrase: str, documents: tuple[Document, ...], found: Tally, errand: Errand) -> str:
    total, several = found.total, len(found.counts)
    if len(documents) == 1:
        name = called(documents[0])
        return errand.told(
            f"“{phrase}” occurs {_times(total)} in {name}.",
            f"“{phrase}”在 {name} 中出现了 {total:,} 次。",
        )
    if not total:
        return errand.told(
            f"“{phrase}” occurs in none of the {len(documents):,} documents.",
            f"“{phrase}”没有出现在这 {len(documents):,} 个文档中。",
        )
    return errand.told(
        f"“{phrase}” occurs {_times(total)}, in {several:,} of {len(documents):,} documents:",
        f"“{phrase}”共出现 {total:,} 次，在 {len(documents):,} 个文档中的 {several:,} 个里：",
    )


def _say_documents(reply: Reply, found: Tally, errand: Errand) -> None:
    ranked = found.ranked()
    names = [called(document) for document in ranked[:LISTED]]
    for number, (document, name) in enumerate(zip(ranked, names, strict=False)):
        count = found.counts[document]
        if names.count(name) > 1:
            name = document.source
        line = errand.told(f"\n- {name}: {_times(count)}", f"\n- {name}：{count:,} 次")
        reply.say(line, [found.first[document]] if number < SHOWN else [])
    left = len(ranked) - LISTED
    if left > 0:
        reply.say(errand.told(f"\n- and {left:,} more documents", f"\n- 另有 {left:,} 个文档"))


def _did(phrase: str, documents: tuple[Document, ...], found: Tally, errand: Errand) -> str:
    shown = min(len(found.places), SHOWN)
    one = len(documents) == 1
    where = file_name(documents[0]) if one else f"{len(documents):,} {_documents(len(documents))}"
    cited_en = f"; the first {shown} places are cited" if found.total > shown > 0 else ""
    cited_zh = f"，引用了前 {shown} 处" if found.total > shown > 0 else ""
    return errand.told(
        f"I counted “{phrase}” in the whole text of {where}, as whole words in any case{cited_en}.",
        f"已在{'文档 ' + file_name(documents[0]) if one else f' {len(documents):,} 个文档'}"
        f"的全文中逐处计数“{phrase}”（不分大小写）{cited_zh}。",
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _documents(count: int) -> str:
    return "document" if count == 1 else "documents"
