"""How the adapter for the bundled model is made: what it learns from, and the training.

English and Chinese questions with passages from the files of ../shared/qa, in the prompts that
Kvasir asks: of one passage, as fused reading puts them, and of several. A quarter of the questions
is not answered by what is put with them. To XQuAD's English passages, and to paragraphs of texts in
../shared/corpus, come questions made of their own sentences (chains.lessons.gaps). Of XQuAD and
CMRC, every article that `kept_back` names is left out, in both languages, for
benchmarks/finetune.py to measure on.

    python benchmarks/adapter_recipe.py --count          what there is to learn, in tokens
    python benchmarks/adapter_recipe.py --out kvasir     train; run it again after a stop

The adapter lands in the cache's folder `adapters`.
"""

import argparse
import random
import sys
import time
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from squad import QA  # noqa: E402

from chains.language import language_of  # noqa: E402
from chains.lessons.example import Example, Passage  # noqa: E402
from chains.lessons.files import read_examples  # noqa: E402
from chains.lessons.gaps import with_gaps  # noqa: E402
from chains.lessons.rivals import with_rivals  # noqa: E402
from chains.lessons.teaching import teach  # noqa: E402
from ingest.load import load  # noqa: E402
from models.engine.model import Model  # noqa: E402
from models.errors import KvasirError  # noqa: E402
from models.finetune.finetune import finetune  # noqa: E402
from models.finetune.lesson import Lesson  # noqa: E402
from models.finetune.progress import Progress  # noqa: E402
from models.finetune.recipe import Recipe  # noqa: E402
from models.finetune.trees import grow  # noqa: E402
from models.settings import get_settings  # noqa: E402
from models.weights import find_weights  # noqa: E402

SEED = 6
RECIPE = Recipe(
    epochs=2, rate=5e-4, dropout=0.05, lessons=8, looks=4, patience=4, seed=SEED, longest=1100
)
CORPUS = QA.parent / "corpus"
LONGEST = {"en": 12, "zh": 24}  # words or characters of an answer


@dataclass(frozen=True)
class Source:
    """A file, and how much of it is taken: so many passages, of the questions those with short
    answers; the share `joint` of the passages stands in prompts of several, too.
    """

    name: str
    licence: str
    passages: int
    joint: float = 0.4


# PolicyQA is left out: the same questions ("Do you collect my information?") are asked of all its
# passages, and answered by what a lawyer marked in each.
SOURCES = (
    Source("xquad.en.dev.json", "CC BY-SA 4.0", 1000),
    Source("xquad.zh.dev.json", "CC BY-SA 4.0", 16, joint=0.1),
    Source("cmrc2018.dev.json", "CC BY-SA 4.0", 10, joint=0.0),
    Source("train/cmrc2018_trial.json", "CC BY-SA 4.0", 5, joint=0.0),
    Source("train/drcd_dev.json", "CC BY-SA 3.0", 5, joint=0.0),
    Source("train/covidqa.json", "Apache-2.0", 80, joint=0.2),
)


# CC BY-SA 4.0, public domain, public domain
TEXTS = ("en/wikipedia-page.html", "en/winter-sports.epub", "en/war-and-peace.txt")
PARAGRAPHS = 60  # of each text
SIZES = (400, 1200)  # characters of a paragraph
GAPS = 4  # questions made of a passage's own sentences


def is_at_hand() -> bool:
    """Whether all that is learnt from is there."""
    wanted = [*(QA / source.name for source in SOURCES), *(CORPUS / name for name in TEXTS)]
    return all(path.is_file() for path in wanted)


def kept_back(title: str) -> bool:
    """Whether an article is never learnt from: a quarter of them, the same every time."""
    return zlib.crc32(title.encode("utf-8")) % 4 == 1


def lessons() -> dict[str, list[Lesson]]:
    """What is learnt from each file."""
    taken = {source.name: _taken(source) for source in SOURCES}
    taken[SOURCES[0].name] += with_gaps(
        list(dict.fromkeys(example.passage for example in taken[SOURCES[0].name])), GAPS, SEED
    )
    taken |= {name: list(with_gaps(_paragraphs(name), GAPS, SEED)) for name in TEXTS}
    every = iter(with_rivals([example for found in taken.values() for example in found]))
    joint = {source.name: source.joint for source in SOURCES}
    return {
        name: teach([next(every) for _ in examples], SEED + number, joint=joint.get(name, 0.0))
        for number, (name, examples) in enumerate(taken.items())
    }


def _paragraphs(name: str) -> list[Passage]:
    """Some paragraphs of a text, by chance."""
    pages = load(CORPUS / name).pages
    every = [each.strip() for page in pages for each in page.text.split("\n\n")]
    fit = [text for text in every if SIZES[0] <= len(text) <= SIZES[1]]
    chosen = random.Random(SEED).sample(fit, min(PARAGRAPHS, len(fit)))
    return [Passage(text, Path(name).stem, f"{name} {n}") for n, text in enumerate(chosen)]


def _taken(source: Source) -> list[Example]:
    by_passage: dict[Passage, list[Example]] = defaultdict(list)
    for example in read_examples(QA / source.name):
        title = example.passage.group
        if not kept_back(title) and example.answers and _short(example):
            by_passage[example.passage].append(example)
    chosen = list(by_passage)
    random.Random(SEED).shuffle(chosen)
    # Those that most is asked about first: a passage is read once for all its questions.
    chosen.sort(key=lambda passage: -min(len(by_passage[passage]), 4))
    return [each for passage in chosen[: source.passages] for each in by_passage[passage]]


def _short(example: Example) -> bool:
    answer = example.answers[0]
    language = language_of(example.passage.text)
    size = len(answer) if language == "zh" else len(answer.split())
    return size <= LONGEST[language]


def count(weights: Path, found: dict[str, list[Lesson]]) -> int:
    """Print what there is; the tokens of one round."""
    model, total = Model(weights, gpu_layers=0), 0
    for name, several in found.items():
        trees, left_out = grow(model, several, RECIPE.longest)
        tokens = sum(tree.size for tree in trees)
        answers = sum(len(tree.branches) for tree in trees)
        total += tokens
        print(f"{name:28} {answers:6,} lessons  {tokens:9,} tokens  {left_out:4,} too long")
    print(f"{total:,} tokens a round")
    return total


class Log:
    """A line of progress every half minute."""

    def __init__(self) -> None:
        self._last = 0.0

    def __call__(self, progress: Progress) -> None:
        if time.monotonic() - self._last > 30 or progress.step == progress.steps:
            self._last = time.monotonic()
            print(progress.line(), flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Count or train; 2 where something cannot be used, 0 also where the questions are absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="kvasir", metavar="NAME", help="the adapter's name")
    parser.add_argument("--count", action="store_true", help="train nothing")
    parser.add_argument("--rounds", type=float, default=RECIPE.epochs, help="over all lessons")
    parser.add_argument("--restart", action="store_true", help="begin anew after a stop")
    options = parser.parse_args(arguments)
    if not is_at_hand():
        print(f"skipped: the questions and texts are not all at {QA.parent}")
        return 0
    try:
        weights = find_weights(get_settings().model)
        found = lessons()
        count(weights, found)
        if options.count:
            return 0
        every = [lesson for several in found.values() for lesson in several]
        recipe = replace(RECIPE, epochs=options.rounds)
        trained = finetune(weights, every, recipe, options.out, Log(), restart=options.restart)
    except KvasirError as error:
        print(f"kvasir: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("kvasir: stopped; run it again to go on", file=sys.stderr)
        return 130
    print(trained)
    return 0


if __name__ == "__main__":
    sys.exit(main())
