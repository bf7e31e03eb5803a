"""How the adapter for the bundled model is made: what it learns from, and the training.

English and Chinese questions with passages from the files of ../shared/qa, in the prompts that
Kvasir asks: of one passage, as fused reading puts them, and of several. A quarter of the questions
is not answered by what is put with them. To XQuAD's English passages, and to paragraphs of texts in
../shared/corpus, come questions made of their own sentences (chains.lessons.gaps). Of XQuAD and
CMRC, every article that `kept_back` names is left out, in both languages, for
benchmarks/finetune.py to measure on.

    python benchmarks/adapter_recipe.py --count          what there is to learn, in tokens
    python benchmarks/adapter_recipe.py --out kvasir     train; run it again after a stop
    python benchmarks/adapter_recipe.py --long --out kvasir

The long way is that of the adapter that comes with Kvasir, for a GPU, or hours: a second training
learns from all questions that people asked in these files, and what comes of the mean of both
(adapter_mean.py) learns from such questions and from new gaps once more. Adapters land in the
cache's folder `adapters`.
"""

import argparse
import json
import random
import sys
import time
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from adapter_mean import write_mean  # noqa: E402
from squad import QA  # noqa: E402

from chains.language import language_of  # noqa: E402
from chains.lessons.example import Example, Passage  # noqa: E402
from chains.lessons.files import cut, read_examples  # noqa: E402
from chains.lessons.gaps import with_gaps  # noqa: E402
from chains.lessons.rivals import with_rivals  # noqa: E402
from chains.lessons.teaching import teach  # noqa: E402
from ingest.load import load  # noqa: E402
from models.card import read_card  # noqa: E402
from models.engine.model import Model  # noqa: E402
from models.errors import KvasirError  # noqa: E402
from models.finetune.finetune import Trained, adapter_file, finetune  # noqa: E402
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
# Without PolicyQA: the same questions ("Do you collect my information?") are asked of all its
# passages, and answered by what a lawyer marked in each.
XQUAD, XQUAD_ZH = "xquad.en.dev.json", "xquad.zh.dev.json"  # CC BY-SA 4.0
CMRC, CMRC_TRIAL = "cmrc2018.dev.json", "train/cmrc2018_trial.json"  # CC BY-SA 4.0
DRCD, COVID_QA = "train/drcd_dev.json", "train/covidqa.json"  # CC BY-SA 3.0, Apache-2.0
# CC BY-SA 4.0, public domain, public domain
TEXTS = ("en/wikipedia-page.html", "en/winter-sports.epub", "en/war-and-peace.txt")
LONGEST = {"en": 12, "zh": 24}  # words or characters of an answer
SIZES = (400, 1200)  # characters of a paragraph
GAPS = 4  # questions made of a passage's own sentences
ALL = 10_000


@dataclass(frozen=True)
class Share:
    """So many passages of a file, of the questions those with short answers; the share `joint` of
    the passages stands in prompts of several, too.
    """

    passages: int
    joint: float = 0.0


@dataclass(frozen=True)
class Part:
    """One training: how, and what it learns from.

    Gaps are made in so many `paragraphs` of each of TEXTS, in `windows` of COVID-QA's articles,
    also where nobody asked, and with `own_gaps` in XQuAD's English passages.
    """

    recipe: Recipe
    shares: Mapping[str, Share]
    paragraphs: int = 0
    windows: int = 0
    own_gaps: bool = False


SHORT = Part(
    RECIPE,
    {
        XQUAD: Share(ALL, joint=0.4),
        XQUAD_ZH: Share(16, joint=0.1),
        CMRC: Share(10),
        CMRC_TRIAL: Share(5),
        DRCD: Share(5),
        COVID_QA: Share(80, joint=0.2),
    },
    paragraphs=60,
    own_gaps=True,
)
WIDE = Part(
    replace(RECIPE, lessons=16, batch_tokens=16_384, rate=4e-4, held_back=0.03),
    {
        XQUAD: Share(ALL, joint=0.4),
        XQUAD_ZH: Share(ALL, joint=0.2),
        CMRC: Share(150, joint=0.1),
        CMRC_TRIAL: Share(100, joint=0.1),
        DRCD: Share(100, joint=0.1),
        COVID_QA: Share(ALL, joint=0.2),
    },
)
LAST = Part(
    replace(RECIPE, epochs=1, lessons=12, rate=3e-4, held_back=0.03, longest=900),
    {
        XQUAD: Share(ALL, joint=0.2),
        XQUAD_ZH: Share(45),
        CMRC: Share(25),
        CMRC_TRIAL: Share(15),
        DRCD: Share(12),
        COVID_QA: Share(ALL, joint=0.1),
    },
    paragraphs=90,
    windows=200,
)


def is_at_hand() -> bool:
    """Whether all that is learnt from is there."""
    wanted = [*(QA / name for name in SHORT.shares), *(CORPUS / name for name in TEXTS)]
    return all(path.is_file() for path in wanted)


def kept_back(title: str) -> bool:
    """Whether an article is never learnt from: a quarter of them, the same every time."""
    return zlib.crc32(title.encode("utf-8")) % 4 == 1


def lessons(part: Part = SHORT) -> dict[str, list[Lesson]]:
    """What a training learns from each file."""
    taken = {name: _taken(name, share.passages) for name, share in part.shares.items()}
    if part.own_gaps:
        taken[XQUAD] += _gaps(list(dict.fromkeys(example.passage for example in taken[XQUAD])))
    if part.paragraphs:
        taken |= {name: _gaps(_paragraphs(name, part.paragraphs)) for name in TEXTS}
    if part.windows:
        taken["windows"] = _gaps(_windows(part.windows))
    every = iter(with_rivals([example for found in taken.values() for example in found]))
    joint = {name: share.joint for name, share in part.shares.items()}
    return {
        name: teach([next(every) for _ in examples], SEED + number, joint=joint.get(name, 0.0))
        for number, (name, examples) in enumerate(taken.items())
    }


def _gaps(passages: Sequence[Passage]) -> list[Example]:
    return list(with_gaps(passages, GAPS, SEED))


def _paragraphs(name: str, most: int) -> list[Passage]:
    """Some paragraphs of a text, by chance."""
    pages = load(CORPUS / name).pages
    every = [each.strip() for page in pages for each in page.text.split("\n\n")]
    fit = [text for text in every if SIZES[0] <= len(text) <= SIZES[1]]
    chosen = random.Random(SEED).sample(fit, min(most, len(fit)))
    return [Passage(text, Path(name).stem, f"{name} {n}") for n, text in enumerate(chosen)]


def _windows(most: int) -> list[Passage]:
    """Some parts of COVID-QA's articles, by chance."""
    data = json.loads((QA / COVID_QA).read_text("utf-8"))["data"]
    texts = [paragraph["context"] for article in data for paragraph in article["paragraphs"]]
    parts = [
        Passage(part.strip(), "", f"{COVID_QA} {number}")
        for number, text in enumerate(texts)
        for _, part in cut(text)
    ]
    return random.Random(SEED).sample(parts, min(most, len(parts)))


def _taken(name: str, most: int) -> list[Example]:
    """The questions about so many passages of a file."""
    by_passage: dict[Passage, list[Example]] = defaultdict(list)
    for example in read_examples(QA / name):
        title = example.passage.group
        if not kept_back(title) and example.answers and _short(example):
            by_passage[example.passage].append(example)
    chosen = list(by_passage)
    random.Random(SEED).shuffle(chosen)
    # Those that most is asked about first: a passage is read once for all its questions.
    chosen.sort(key=lambda passage: -min(len(by_passage[passage]), 4))
    return [each for passage in chosen[:most] for each in by_passage[passage]]


def _short(example: Example) -> bool:
    answer = example.answers[0]
    language = language_of(example.passage.text)
    size = len(answer) if language == "zh" else len(answer.split())
    return size <= LONGEST[language]


def count(weights: Path, part: Part) -> None:
    """Print what there is for a training."""
    model, total = Model(weights, gpu_layers=0), 0
    for name, several in lessons(part).items():
        trees, left_out = grow(model, several, part.recipe.longest)
        tokens = sum(tree.size for tree in trees)
        answers = sum(len(tree.branches) for tree in trees)
        total += tokens
        print(f"{name:28} {answers:6,} lessons  {tokens:9,} tokens  {left_out:4,} too long")
    print(f"{total:,} tokens a round")


def train(weights: Path, name: str, *, long: bool, restart: bool) -> Trained:
    """Train the adapter, by the default training alone or the long way.

    Of the long way, what it begins with is not trained again once it is, unless it is to `restart`.
    """

    def learn(own: str, part: Part, base: Path | None = None) -> Trained:
        every = [lesson for several in lessons(part).values() for lesson in several]
        print(f"{own}: {len(every):,} lessons", flush=True)
        return finetune(weights, every, part.recipe, own, Log(), base=base, restart=restart)

    if not long:
        return learn(name, SHORT)
    both = []
    for own, part in ((f"{name}-short", SHORT), (f"{name}-wide", WIDE)):
        both.append(adapter_file(own))
        if restart or not both[-1].is_file():
            learn(own, part)
    middle = adapter_file(f"{name}-mean")
    lost = write_mean(both, RECIPE.rank, RECIPE.alpha, read_card(weights), middle)
    print(f"their mean, {lost:.1%} of a layer lost at most", flush=True)
    return learn(name, LAST, middle)


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
    parser.add_argument("--long", action="store_true", help="in three trainings")
    parser.add_argument("--restart", action="store_true", help="begin anew after a stop")
    options = parser.parse_args(arguments)
    if not is_at_hand():
        print(f"skipped: the questions and texts are not all at {QA.parent}")
        return 0
    try:
        weights = find_weights(get_settings().model)
        if options.count:
            for part in (SHORT, WIDE, LAST) if options.long else (SHORT,):
                count(weights, part)
            return 0
        trained = train(weights, options.out, long=options.long, restart=options.restart)
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
