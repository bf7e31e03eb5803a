"""What is said where a question does not tell which document, table or column it means."""

from collections.abc import Sequence

from chains.routes.reply import Reply
from chains.routes.route import Errand, Outcome, Route
from chains.routes.shelf import called
from ingest import Document

SHOWN = 20  # candidates that are named


def which_document(name: str, wanted: str, candidates: Sequence[Document]) -> Route:
    """A route that names the documents that may be meant by `wanted`, or by nothing at all."""

    def run(errand: Errand) -> Outcome:
        return _listed(errand, wanted, [called(document) for document in candidates])

    return Route(name, run)


def which_of(name: str, en: str, zh: str, candidates: Sequence[str]) -> Route:
    """A route that says a sentence in the question's language, and names candidates below it."""

    def run(errand: Errand) -> Outcome:
        reply = Reply()
        reply.say(errand.told(en, zh))
        reply.say(bulleted(candidates, errand))
        did = errand.told("I computed nothing.", "没有进行计算。")
        return reply.outcome(did, found=False)

    return Route(name, run)


def bulleted(names: Sequence[str], errand: Errand, shown: int = SHOWN) -> str:
    """The names, each on a line of its own, and how many more there are."""
    lines = "".join(f"\n- {name}" for name in names[:shown])
    left = len(names) - shown
    if left > 0:
        lines += errand.told(f"\n- and {left:,} more", f"\n- 另有 {left:,} 个")
    return lines


def _listed(errand: Errand, wanted: str, names: Sequence[str]) -> Outcome:
    reply = Reply()
    total = len(errand.shelf.documents)
    if wanted and names:
        reply.say(
            errand.told(
                f"“{wanted}” may be any of {len(names):,} documents. Name the one you mean:",
                f"“{wanted}”可能指以下 {len(names):,} 个文档之一，请说明是哪一个：",
            )
        )
    elif wanted:
        reply.say(
            errand.told(
                f"No document is called “{wanted}”. These are in the library:",
                f"没有名为“{wanted}”的文档。文档库中有：",
            )
        )
        names = [called(document) for document in errand.shelf.documents]
    else:
        reply.say(
            errand.told(
                f"There are {total:,} documents. Name the one you mean:",
                f"文档库中有 {total:,} 个文档，请说明是哪一个：",
            )
        )
        names = [called(document) for document in errand.shelf.documents]
    reply.say(bulleted(names, errand))
    did = errand.told(
        f"I compared that with the titles and file names of {total:,} documents.",
        f"已与 {total:,} 个文档的标题和文件名比对。",
    )
    return reply.outcome(did, found=False)
