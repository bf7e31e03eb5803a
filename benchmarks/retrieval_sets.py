"""What retrieval is asked: XQuAD's and CMRC's paragraphs, one document each, and the corpus.

XQuAD's paragraphs stand in the library twice, in English and in Chinese. A question counts as
answered by its paragraph in the set's own language; whether the translation came first is told
apart from that.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from squad import QA, Question, read_squad

from chains.evaluation.bootstrap import interval
from ingest import Filter

CORPUS = QA.parent / "corpus"
FILES = {"xquad.en": "xquad.en.dev", "xquad.zh": "xquad.zh.dev", "cmrc": "cmrc2018.dev"}
DEPTH = 5  # passages that are looked at
Found = Sequence[tuple[str, str]]  # source and text of passages, best first


@dataclass(frozen=True)
class Asked:
    """A set of questions, the folder of the paragraphs that answer them, and what may be found."""

    name: str
    paragraphs: str
    questions: tuple[Question, ...]
    filter: Filter | None = None

    @property
    def twin(self) -> str:
        """The folder of the translations, where there are any."""
        twins = {"xquad.en": "xquad.zh", "xquad.zh": "xquad.en"}
        return twins.get(self.paragraphs, self.paragraphs)


@dataclass(frozen=True)
class Row:
    """One way of searching on one set: shares of the questions, with 95% intervals.

    Places are those of passages, of which a paragraph may have several. `answer3` is how often a
    gold answer stands in the first three passages, `either1` how often the paragraph or its
    translation comes first.
    """

    asked: str
    method: str
    questions: int
    hit1: float
    hit1_interval: tuple[float, float]
    hit5: float
    hit5_interval: tuple[float, float]
    mrr: float
    answer3: float
    either1: float
    median_s: float


def write_documents(folder: Path) -> list[Path]:
    """Every paragraph as a file; gives what is to be ingested, the corpus with it."""
    for name, file in FILES.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number, text in enumerate(read_squad(QA / f"{file}.json")[0]):
            (folder / name / f"{number}.txt").write_text(text, "utf-8")
    return [folder, *(CORPUS / language for language in ("en", "zh"))]


def question_sets(count: int) -> list[Asked]:
    """The sets, `count` questions of each drawn by a seed; 0 for all."""
    drawn = {}
    for name, file in FILES.items():
        questions = read_squad(QA / f"{file}.json")[1]
        size = min(count or len(questions), len(questions))
        drawn[name] = tuple(random.Random(1).sample(questions, size))
    english = Filter(languages=("en",))
    return [
        Asked("English", "xquad.en", drawn["xquad.en"]),
        Asked("Chinese", "xquad.zh", drawn["xquad.zh"]),
        Asked("CMRC", "cmrc", drawn["cmrc"]),
        # By a filter, because the Chinese paragraphs stand in the same library.
        Asked("Chinese → English", "xquad.en", drawn["xquad.zh"], english),
    ]


def row_of(asked: Asked, method: str, found: Sequence[Found], seconds: Sequence[float]) -> Row:
    """What came of the questions: for each, the passages found."""
    first, among, reciprocal, answered, either = [], [], [], [], []
    for question, passages in zip(asked.questions, found, strict=True):
        documents = [_document(source) for source, _ in passages]
        gold = (asked.paragraphs, str(question.paragraph))
        place = documents.index(gold) + 1 if gold in documents else 0
        first.append(place == 1)
        among.append(0 < place <= 5)
        reciprocal.append(1 / place if place else 0.0)
        either.append(documents[:1] in ([gold], [(asked.twin, gold[1])]))
        texts = [text for _, text in passages[:3]]
        answered.append(any(answer in text for answer in question.answers for text in texts))
    return Row(
        asked.name,
        method,
        len(asked.questions),
        float(np.mean(first)),
        interval(first),
        float(np.mean(among)),
        interval(among),
        float(np.mean(reciprocal)),
        float(np.mean(answered)),
        float(np.mean(either)),
        float(np.median(seconds)) if seconds else 0.0,
    )


def _document(source: str) -> tuple[str, str]:
    path = Path(source)
    return path.parent.name, path.stem
