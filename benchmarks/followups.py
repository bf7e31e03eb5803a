"""Follow-up questions: is the right paragraph found, with and without what was said before?

benchmarks/followups.jsonl holds conversations over XQuAD's and CMRC's development halves, written
by hand: the turns before, the follow-up, whether it leans on them, and the paragraph that answers
it. All paragraphs are in one library. Compared are the follow-up as it is, put behind the last
question always, and `chains.followup`; the answers before are short, or the sentences that they
stand in, as a model that quotes gives them. A second table says how often the marked sentences of
the first three passages hold the answer, marked by the question as it was asked and as it is
rewritten. The rule was written with these conversations in view:
the figures say what it does for such questions, not how it fares with any. Prints a table and
writes benchmarks/results/followups.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from squad import QA, read_squad  # noqa: E402

from chains.evaluation.scores import holds  # noqa: E402
from chains.evidence import EvidenceReader  # noqa: E402
from chains.followup import search_text  # noqa: E402
from chains.prompts import Turn  # noqa: E402
from chains.sentences import sentences  # noqa: E402
from ingest import Library, sync  # noqa: E402
from models.embeddings import KvasirEmbeddings  # noqa: E402

CONVERSATIONS = Path(__file__).resolve().parent / "followups.jsonl"
RESULTS = Path(__file__).resolve().parent / "results"
FILES = ("xquad.en.dev", "xquad.zh.dev", "cmrc2018.dev")

Rewrite = Callable[[str, Sequence[Turn]], str]


@dataclass(frozen=True)
class Conversation:
    """The turns before, each a question and its answer, and the follow-up with its paragraph."""

    file: str
    leans: bool
    turns: list[tuple[str, str]]
    question: str
    paragraph: int
    answer: str

    @property
    def name(self) -> str:
        """What the paragraph's file is called, without its ending."""
        return f"{self.file}/{self.paragraph}"

    def history(self, paragraphs: Sequence[str] | None) -> list[Turn]:
        """The turns before; with paragraphs, answers are whole sentences where they stand there."""
        turns: list[Turn] = []
        for question, answer in self.turns:
            said = answer if paragraphs is None else _sentence(answer, paragraphs[self.paragraph])
            turns += [("human", question), ("ai", said)]
        return turns


@dataclass(frozen=True)
class Row:
    """One way of searching for some conversations; `rewritten` counts the changed questions."""

    conversations: str
    way: str
    count: int
    hit1: float
    hit3: float
    rewritten: int


@dataclass(frozen=True)
class Marked:
    """How many follow-ups' answers stand in the marked sentences, by what they are marked for."""

    conversations: str
    count: int
    as_asked: int
    rewritten: int


class Remembering(KvasirEmbeddings):
    """Embeds a question once, however many ways of searching ask for it."""

    @cache  # noqa: B019 - it lives as long as the benchmark
    def embed_query(self, text: str) -> list[float]:
        """The question's vector."""
        return super().embed_query(text)


def _sentence(answer: str, paragraph: str) -> str:
    spans = (paragraph[start:end] for start, end in sentences(paragraph))
    return next((sentence for sentence in spans if answer in sentence), answer)


def read_conversations() -> list[Conversation]:
    """All conversations, in the file's order."""
    with CONVERSATIONS.open(encoding="utf-8") as lines:
        return [Conversation(**json.loads(line)) for line in lines]


def alone(question: str, history: Sequence[Turn]) -> str:
    """The follow-up as it is."""
    return question


def behind_the_last(question: str, history: Sequence[Turn]) -> str:
    """The follow-up behind the last question, always."""
    return f"{history[-2][1]} {question}"


def measure(
    name: str,
    way: str,
    asked: Sequence[Conversation],
    histories: Sequence[Sequence[Turn]],
    rewrite: Rewrite,
    search: Callable[[str], list[str]],
    show: bool = False,
) -> Row:
    """Search for every follow-up as it is rewritten."""
    first = among = rewritten = 0
    for conversation, history in zip(asked, histories, strict=True):
        text = rewrite(conversation.question, history)
        found = search(text)
        first += found[:1] == [conversation.name]
        among += conversation.name in found[:3]
        rewritten += text != conversation.question
        if show and (found[:1] != [conversation.name] or not conversation.leans):
            place = found.index(conversation.name) + 1 if conversation.name in found else "-"
            print(f"{place}: {conversation.turns[-1]} {conversation.question} => {text}")
    count = len(asked) or 1
    return Row(name, way, len(asked), first / count, among / count, rewritten)


def compare(library: Library, paragraphs: dict[str, list[str]], *, show: bool) -> list[Row]:
    """Every way over the leaning and the other conversations, by language."""

    @cache
    def search(text: str) -> list[str]:
        hits = (Path(hit.metadata["source"]) for hit in library.search(text, 10))
        return list(dict.fromkeys(f"{path.parent.name}/{path.stem}" for path in hits))

    rows = []
    every = read_conversations()
    groups = {
        f"{what}, {language}": [
            c for c in every if c.leans is leans and (".en." in c.file) is english
        ]
        for what, leans in (("leaning", True), ("self-contained", False))
        for language, english in (("English", True), ("Chinese", False))
    }
    for name, asked in groups.items():
        short = [c.history(None) for c in asked]
        long = [c.history(paragraphs[c.file]) for c in asked]
        rows += [
            measure(name, "as it is", asked, short, alone, search),
            measure(name, "behind the last question", asked, short, behind_the_last, search),
            measure(name, "by rule, short answers", asked, short, search_text, search, show),
            measure(name, "by rule, quoted answers", asked, long, search_text, search),
        ]
    return rows


def compare_marks(library: Library, paragraphs: dict[str, list[str]]) -> list[Marked]:
    """The evidence of the leaning conversations, by language."""
    reader = EvidenceReader(library.embedder)
    counts = {"English": [0, 0, 0], "Chinese": [0, 0, 0]}
    for conversation in read_conversations():
        if not conversation.leans:
            continue
        question = conversation.question
        rewritten = search_text(question, conversation.history(paragraphs[conversation.file]))
        evidence = reader.read(library.search(rewritten, 3))
        held = []
        for text in (question, rewritten):
            best = evidence.best(text, reader.embed(text))
            held.append(holds("\n".join(s.text for s, _ in best), [conversation.answer]))
        counted = counts["English" if ".en." in conversation.file else "Chinese"]
        for place, more in enumerate((1, *held)):
            counted[place] += more
    return [Marked(f"leaning, {language}", *found) for language, found in counts.items()]


def _library(folder: Path, paragraphs: dict[str, list[str]]) -> Library:
    for file, texts in paragraphs.items():
        (folder / "documents" / file).mkdir(parents=True, exist_ok=True)
        for number, text in enumerate(texts):
            (folder / "documents" / file / f"{number}.txt").write_text(text, "utf-8")
    library = Library(folder / "library", embedder=Remembering())
    sync(library, [folder / "documents"])
    return library


def main() -> int:
    """Measure, print the table, keep it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where the library is kept for another run")
    parser.add_argument("--show", action="store_true", help="print what was not found first")
    options = parser.parse_args()
    if not QA.is_dir():
        print(f"nothing measured: {QA} is absent")
        return 0
    paragraphs = {file: read_squad(QA / f"{file}.json")[0] for file in FILES}
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        with _library(folder, paragraphs) as library:
            rows = compare(library, paragraphs, show=options.show)
            marks = compare_marks(library, paragraphs)
    print("| conversations | searched for | n | hit@1 | hit@3 | rewritten |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in rows:
        print(
            f"| {row.conversations} | {row.way} | {row.count} | {row.hit1:.3f} | {row.hit3:.3f} "
            f"| {row.rewritten} |"
        )
    print("\n| conversations | n | marked by the question as asked | as rewritten |")
    print("| --- | --- | --- | --- |")
    for mark in marks:
        print(f"| {mark.conversations} | {mark.count} | {mark.as_asked} | {mark.rewritten} |")
    RESULTS.mkdir(exist_ok=True)
    every: list[Row | Marked] = [*rows, *marks]
    text = json.dumps([asdict(row) for row in every], indent=1)
    (RESULTS / "followups.json").write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
