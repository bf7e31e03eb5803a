"""Does a library know what it cannot answer: questions about documents left out are refused.

The articles of XQuAD (English and Chinese) and CMRC are halved by name: one half to fit the
decision on, one to measure it. Of both, every second article goes into one library, and is asked
about as often as the articles left out; some Chinese questions are asked of the English half
alone, too. Beside the decision stands what LangChain offers: a threshold on the nearest cosine,
set on the same questions to refuse as many answerable ones. Prints a table with 95% intervals
(bootstrap over articles) and the fitted numbers; writes benchmarks/results/refusal.json.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.metrics import roc_auc_score  # noqa: E402
from squad import QA  # noqa: E402

from chains.refusal import CALIBRATIONS, NEAREST, Calibration, log_odds, signs  # noqa: E402
from ingest import Filter, Library, sync  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "refusal.json"
SETS = {
    "XQuAD en": "xquad.en.dev.json",
    "XQuAD zh": "xquad.zh.dev.json",
    "CMRC": "cmrc2018.dev.json",
}
ACROSS = "zh of en"
EACH = 150  # questions of each set, half and kind, at most
REFUSED = 0.03  # of each set's answerable questions that the threshold is set on, at most
RESAMPLES = 1000


@dataclass(frozen=True)
class Asked:
    """A question about an article, which the library holds or not."""

    text: str
    dataset: str
    article: str
    answerable: bool
    fitted_on: bool


@dataclass(frozen=True)
class Seen:
    """A question with its signs, its log odds, and the nearest cosine."""

    asked: Asked
    margin: float
    coverage: float | None
    odds: float
    nearest: float


def halves(title: str) -> tuple[bool, bool]:
    """Whether an article is fitted on, and whether the library holds it; the same every time."""
    number = zlib.crc32(title.encode("utf-8"))
    return bool(number & 2), bool(number & 1)


def read(folder: Path) -> list[Asked]:
    """Write the articles that the library is to hold, and give the questions."""
    asked: list[Asked] = []
    for dataset, name in SETS.items():
        for article in json.loads((QA / name).read_text("utf-8"))["data"]:
            title = re.sub(r"\W+", "_", article["title"])
            fitted_on, held = halves(title)
            if held:
                text = "\n\n".join(paragraph["context"] for paragraph in article["paragraphs"])
                (folder / name).mkdir(exist_ok=True)
                (folder / name / f"{title}.txt").write_text(text, "utf-8")
            asked += [
                Asked(qa["question"], dataset, f"{dataset} {title}", held, fitted_on)
                for paragraph in article["paragraphs"]
                for qa in paragraph["qas"]
            ]
    return list(sampled(asked))


def sampled(asked: Sequence[Asked]) -> Iterator[Asked]:
    """As many of each set, half and kind, spread over the articles."""
    groups: dict[tuple[str, bool, bool], list[Asked]] = {}
    for each in asked:
        groups.setdefault((each.dataset, each.fitted_on, each.answerable), []).append(each)
    for group in groups.values():
        step = max(1.0, len(group) / EACH)
        chosen = [group[int(step * i)] for i in range(min(EACH, len(group)))]
        yield from chosen
        if group[0].dataset == "XQuAD zh":
            for each in chosen:
                article = f"{ACROSS} {each.article.rpartition(' ')[2]}"
                yield Asked(each.text, ACROSS, article, each.answerable, each.fitted_on)


def look(library: Library, asked: Sequence[Asked], english: Filter) -> list[Seen]:
    """Every question's signs."""
    calibration = CALIBRATIONS[library.embedder.name]
    seen: list[Seen] = []
    for number, each in enumerate(asked):
        filter = english if each.dataset == ACROSS else None
        passages = library.search(each.text, 3, filter)
        cosines = [cosine for _, cosine in library.nearest(each.text, NEAREST, filter)]
        found = signs(each.text, cosines, [p.page_content for p in passages], calibration)
        odds = log_odds(found, calibration)
        seen.append(Seen(each, found.margin, found.coverage, odds, cosines[0]))
        if number % 100 == 0:
            sys.stderr.write(f"{number} of {len(asked)} questions\n")
    return seen


def fit(seen: Sequence[Seen]) -> dict[str, float]:
    """The weights and the threshold, on the half for fitting."""
    known = [s for s in seen if s.asked.fitted_on and s.coverage is not None]
    features = np.array([[s.margin, s.coverage] for s in known])
    scale = features.std(axis=0)
    truth = np.array([s.asked.answerable for s in known])
    model = LogisticRegression().fit(features / scale, truth)
    weights = model.coef_[0] / scale
    odds = model.intercept_[0] + features @ weights
    of_set = np.array([s.asked.dataset for s in known])
    strictest = [np.quantile(odds[truth & (of_set == name)], REFUSED) for name in SETS]
    return {
        "constant": float(model.intercept_[0]),
        "margin": float(weights[0]),
        "coverage": float(weights[1]),
        "threshold": float(min(strictest)),
        "usual_coverage": usual_coverage(seen, model.intercept_[0], weights, min(strictest)),
    }


def usual_coverage(
    seen: Sequence[Seen], constant: float, weights: np.ndarray, threshold: float
) -> float:
    """What to take for common words across languages, for as few to be refused there."""
    answerable = (s for s in seen if s.asked.fitted_on and s.asked.answerable)
    margins = [s.margin for s in answerable if s.coverage is None]
    least = float(np.quantile(margins, REFUSED))
    return float((threshold - constant - weights[0] * least) / weights[1])


def figures(seen: Sequence[Seen], score: Callable[[Seen], float], least: float) -> dict[str, float]:
    """The area under the curve, and how many are refused, rightly and wrongly."""
    truth = np.array([s.asked.answerable for s in seen])
    scores = np.array([score(s) for s in seen])
    refused = scores < least
    return {
        "auc": float(roc_auc_score(truth, scores)),
        "wrongly": float(refused[truth].mean()),
        "rightly": float(refused[~truth].mean()),
    }


def interval(
    seen: Sequence[Seen], score: Callable[[Seen], float], least: float
) -> dict[str, tuple[float, float]]:
    """95% of what other articles might have given."""
    articles: dict[str, list[Seen]] = {}
    for each in seen:
        articles.setdefault(each.asked.article, []).append(each)
    kinds = [
        [a for a in articles.values() if a[0].asked.answerable is kind] for kind in (True, False)
    ]
    rng = np.random.default_rng(1)
    drawn = []
    for _ in range(RESAMPLES):
        sample = [
            each
            for kind in kinds
            for i in rng.integers(len(kind), size=len(kind))
            for each in kind[i]
        ]
        drawn.append(figures(sample, score, least))
    return {
        name: (
            float(np.quantile([d[name] for d in drawn], 0.025)),
            float(np.quantile([d[name] for d in drawn], 0.975)),
        )
        for name in drawn[0]
    }


def measure(seen: Sequence[Seen], calibration: Calibration) -> list[dict[str, Any]]:
    """Every set's figures, on the half that nothing was fitted on."""
    fitted = [s for s in seen if s.asked.fitted_on and s.asked.answerable]
    cosine = float(np.quantile([s.nearest for s in fitted], REFUSED))
    ways: dict[str, tuple[Callable[[Seen], float], float]] = {
        "margin and words": (lambda s: s.odds, calibration.threshold),
        "cosine threshold": (lambda s: s.nearest, cosine),
    }
    rest = [s for s in seen if not s.asked.fitted_on]
    sets = {name: [s for s in rest if s.asked.dataset == name] for name in (*SETS, ACROSS)}
    sets["all"] = [s for s in rest if s.asked.dataset != ACROSS]
    rows = []
    for name, group in sets.items():
        for way, (score, least) in ways.items():
            row = {"set": name, "way": way, "questions": len(group)}
            row |= figures(group, score, least)
            rows.append({**row, "intervals": interval(group, score, least)})
    return rows


def main() -> int:
    """Ingest, ask, print the table and the fit, write the results."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    if not QA.is_dir():
        sys.exit(f"there are no questions in {QA}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve() / "docs"
        folder.mkdir()
        asked = read(folder)
        with Library(folder.parent / "library") as library:
            sync(library, [folder])
            calibration = CALIBRATIONS[library.embedder.name]
            english = Filter(folders=(str(folder / SETS["XQuAD en"]),))
            seen = look(library, asked, english)
    rows = measure(seen, calibration)
    fitted = fit(seen)
    print("| questions | | area under the curve | answerable refused | others refused |")
    print("| --- | --- | --- | --- | --- |")
    for row in rows:
        cells = [
            f"{row[key]:.3f} [{low:.3f}, {high:.3f}]"
            for key, (low, high) in row["intervals"].items()
        ]
        print(f"| {row['set']} ({row['questions']}) | {row['way']} | {' | '.join(cells)} |")
    print(f"\nFitted on the other half: {json.dumps(fitted)}")
    print(f"In use: {calibration}")
    RESULTS.write_text(json.dumps({"rows": rows, "fitted": fitted}, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
