"""Are true sentences cited, and corrupted ones flagged? The check of answers, measured.

300 true statements about XQuAD's and CMRC's development paragraphs (whole sentences, clauses,
reworded ones, questions turned into statements) and 300 with a number, a name or the predicate
changed, each held against the passages that the library finds for a question about the paragraph.
Beside the check two simple ones: the best cosine of a passage's sentence, and the best overlap of
words, each with the threshold that flags 5% of the true statements of the other half.

The check's constants were chosen on the articles with even numbers (--half tuning), the figures
are of those with odd ones. Intervals are Wilson's, 95%. Prints a table, writes
benchmarks/results/citations.json. --library keeps the library of paragraphs for the next run.
"""

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import citation_cases as cases  # noqa: E402
from citation_cases import Case  # noqa: E402
from squad import QA, Question, read_squad  # noqa: E402

from chains.evidence import EvidenceReader  # noqa: E402
from chains.grounding import ground  # noqa: E402
from chains.words import content_words, overlap  # noqa: E402
from ingest import Library, sync  # noqa: E402

RESULTS = Path(__file__).resolve().parent / "results"
SETS = {"xquad.en.dev": "en", "xquad.zh.dev": "zh", "cmrc2018.dev": "zh"}
KINDS = ("sentence", "clause", "reworded", "answered")
CHANGES = ("number", "name", "predicate")
WAYS = ("negation", "opposite", "verb")
PER_SET = 100  # true statements of a set, and as many corrupted ones
PASSAGES = 5
TRUE_FLAGGED = 0.05  # what the simple checks may flag of the true statements they are set on
METHODS = ("check", "cosine", "overlap")


@dataclass(frozen=True)
class Texts:
    """The paragraphs and questions of a set, with each paragraph's article."""

    name: str
    language: str
    articles: list[int]
    paragraphs: list[str]
    questions: list[Question]


@dataclass(frozen=True)
class Judged:
    """A case with what each check says: the check's reason ("" if cited), the others' scores."""

    case: Case
    set: str
    reason: str
    cosine: float
    overlap: float


def read_texts(name: str) -> Texts:
    """A set from its file."""
    path = QA / f"{name}.json"
    paragraphs, questions = read_squad(path)
    data = json.loads(path.read_text("utf-8"))["data"]
    articles = [number for number, article in enumerate(data) for _ in article["paragraphs"]]
    return Texts(name, SETS[name], articles, paragraphs, questions)


def fill(library: Library, texts: Sequence[Texts], folder: Path) -> None:
    """Every paragraph as a document of its own, named by its set and number."""
    folder.mkdir(exist_ok=True)
    for each in texts:
        for number, text in enumerate(each.paragraphs):
            (folder / f"{each.name}-{number}.txt").write_text(text, "utf-8")
    if failed := sync(library, [folder]).failed:
        sys.exit(f"not indexed: {failed[0].source}: {failed[0].reason}")


# ---- the statements


def candidates(texts: Texts, odd: bool, chance: random.Random) -> Iterator[Case]:
    """True statements in random order, as many of each kind as of the others in turn."""
    made = cases.true_cases(texts.language, texts.articles, texts.paragraphs, texts.questions)
    made = [case for case in made if case.article % 2 == odd]
    chance.shuffle(made)
    queues = [[case for case in made if case.kind == kind] for kind in KINDS]
    for together in zip(*queues, strict=False):
        yield from together


def corrupted(texts: Texts, odd: bool, change: str, chance: random.Random) -> Iterator[Case]:
    """Statements with the same thing changed, by the different means in turn."""
    own = cases.chinese_names(texts.questions) if texts.language == "zh" else {
        number: cases.english_names(text) for number, text in enumerate(texts.paragraphs)
    }  # fmt: skip
    turn = 0
    for case in candidates(texts, odd, chance):
        context = texts.paragraphs[case.paragraph]
        near = turn % 3 == 2
        if change == "number":
            found = cases.change_number(case, context, chance, near)
        elif change == "name":
            mine = own.get(case.paragraph, [])
            far = [n for p, ns in own.items() if texts.articles[p] != case.article for n in ns]
            others = mine if near else [name for name in far if name not in context]
            found = cases.change_name(case, mine, others, chance, "near" if near else "foreign")
        else:
            found = cases.change_predicate(case, chance, WAYS[turn % 3])
        if found:
            turn += 1
            yield found


# ---- judging them


class Judge:
    """Holds statements against the passages found for their questions."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._reader = EvidenceReader(library.embedder)

    def __call__(self, name: str, case: Case) -> Judged | None:
        """What is made of a case; None where what it rests on is not in them."""
        passages = self._library.search(case.question, k=PASSAGES)
        wanted = f"{name}-{case.paragraph}.txt"
        read = [p.page_content for p in passages if p.metadata["source"].endswith(wanted)]
        if not any(case.origin in text for text in read):
            return None
        evidence = self._reader.read(passages)
        checked = ground(case.text, passages, evidence, self._reader)
        vector = self._reader.embed_claims([case.text])[0]
        words = content_words(case.text)
        shared = max(overlap(words, content_words(s.text)) for s in evidence.sentences)
        reason = "; ".join(flag.reason for flag in checked.flags)
        return Judged(case, name, reason, float((evidence.vectors @ vector).max()), shared)

    def first(self, name: str, found: Iterator[Case], count: int) -> list[Judged]:
        """The first so many cases that can be judged, no text twice."""
        judged: list[Judged] = []
        seen: set[str] = set()
        for case in found:
            if len(judged) == count:
                break
            if case.text not in seen and (one := self(name, case)):
                judged.append(one)
            seen.add(case.text)
        return judged


def judge_half(judge: Judge, texts: Sequence[Texts], odd: bool, seed: int) -> list[Judged]:
    """All true and corrupted statements of half of the articles."""
    judged: list[Judged] = []
    for place, each in enumerate(texts):
        judged += judge.first(each.name, candidates(each, odd, random.Random(seed)), PER_SET)
        for turn, change in enumerate(CHANGES):
            count = PER_SET // 3 + (turn == place)
            chance = random.Random(f"{seed} {each.name} {change}")
            judged += judge.first(each.name, corrupted(each, odd, change, chance), count)
        print(f"{each.name}: {len(judged)} statements so far", file=sys.stderr)
    return judged


# ---- the table


def thresholds(judged: Sequence[Judged]) -> dict[str, float]:
    """Below which scores the simple checks flag, so that TRUE_FLAGGED of the true ones are."""
    true = [one for one in judged if not one.case.change]
    place = round(TRUE_FLAGGED * len(true))
    return {
        "cosine": sorted(one.cosine for one in true)[place],
        "overlap": sorted(one.overlap for one in true)[place],
    }


def flagged(one: Judged, method: str, limits: dict[str, float]) -> bool:
    """Whether a check flags a statement."""
    if method == "check":
        return bool(one.reason)
    return bool(getattr(one, method) < limits[method])


def wilson(hits: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """The 95% interval of a share (Wilson, 1927)."""
    if not count:
        return 0.0, 1.0
    share, square = hits / count, z * z / count
    middle, width = (
        share + square / 2,
        z * (share * (1 - share) / count + square / 4 / count) ** 0.5,
    )
    return (middle - width) / (1 + square), (middle + width) / (1 + square)


def rows(judged: Sequence[Judged], limits: dict[str, float]) -> list[dict[str, Any]]:
    """The share that each check flags, by what was changed and how, and by set."""
    groups: dict[str, Callable[[Case], bool]] = {"true": partial(_is, change="")}
    for kind in KINDS:
        groups[f"true, {kind}"] = partial(_is, kind=kind, change="")
    for change in CHANGES:
        groups[f"{change} changed"] = partial(_is, change=change)
        for by in WAYS if change == "predicate" else ("foreign", "near"):
            groups[f"{change}, {by}"] = partial(_is, change=change, by=by)
    found = []
    for label, belongs in groups.items():
        mine = [one for one in judged if belongs(one.case)]
        found.append(_row(label, "all", mine, limits))
        if "," not in label:
            found += [
                _row(label, name, [o for o in mine if o.set == name], limits) for name in SETS
            ]
    return found


def _is(case: Case, **fields: str) -> bool:
    return all(getattr(case, name) == value for name, value in fields.items())


def _row(label: str, name: str, mine: list[Judged], limits: dict[str, float]) -> dict[str, Any]:
    row: dict[str, Any] = {"statements": label, "set": name, "count": len(mine)}
    for method in METHODS:
        hits = sum(flagged(one, method, limits) for one in mine)
        row[method] = round(hits / len(mine), 4) if mine else None
        row[f"{method} interval"] = [round(edge, 4) for edge in wilson(hits, len(mine))]
    return row


def main() -> int:
    """Measure; 0, also where the questions are absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("tuning", "reported"), default="reported")
    parser.add_argument("--library", type=Path, help="where the library of paragraphs is kept")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--wrong", action="store_true", help="print what was judged wrongly")
    options = parser.parse_args()
    if not QA.is_dir():
        print(f"skipped: the questions are not at {QA}")
        return 0
    texts = [read_texts(name) for name in SETS]
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.library or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        with Library(folder / "library") as library:
            fill(library, texts, folder / "documents")
            judge = Judge(library)
            tuning = judge_half(judge, texts, odd=False, seed=options.seed)
            reported = options.half == "reported"
            judged = judge_half(judge, texts, odd=True, seed=options.seed) if reported else tuning
    limits = thresholds(tuning)
    table = rows(judged, limits)
    print("share flagged            set           count  check (95%)          cosine  overlap")
    for row in table:
        edges = "–".join(f"{edge:.3f}" for edge in row["check interval"])
        print(
            f"{row['statements']:23}  {row['set']:12}  {row['count']:5}  {row['check']:.3f} "
            f"({edges})  {row['cosine']:6.3f}  {row['overlap']:7.3f}"
        )
    if options.wrong:
        for one in judged:
            if bool(one.reason) != bool(one.case.change):
                print(json.dumps({**asdict(one.case), "reason": one.reason}, ensure_ascii=False))
    if reported:
        RESULTS.mkdir(exist_ok=True)
        written = {"seed": options.seed, "thresholds": limits, "rows": table}
        text = json.dumps(written, ensure_ascii=False, indent=1)
        (RESULTS / "citations.json").write_text(text + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
