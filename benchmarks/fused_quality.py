"""How well answers are foretold, and given, by the way that passages are read.

Questions of XQuAD's development halves, each with four passages of its article: the one that
holds the answer and three others, shuffled. For every way of reading, the negative
log-likelihood (NLL) of the gold answer, and for the first --generate questions the answer that
the model writes: whether the gold answer stands in it, and its word F1 (SQuAD's; characters in
Chinese). Differences are to "joint, best first", with 95% intervals from 1,000 bootstrap samples
of the questions. Prints tables, writes benchmarks/results/fused_quality.json, where --resume
goes on after a stop or with more questions.
"""

import argparse
import hashlib
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine_setup import (
    RESULTS,
    Article,
    add_weights_option,
    answer_prompt,
    loading,
    note,
    read_answer,
    read_articles,
    save_results,
)
from langchain_core.documents import Document
from quality_tables import print_summary, summarize
from squad import Question

from chains.evaluation.scores import f1, holds
from chains.language import Language
from models.engine.engine import Engine
from models.engine.prompt import Reading
from models.engine.sampling import Sampling
from models.engine.stream import Finish

NAME = "fused_quality"
PASSAGES = 4
WRITTEN = 48  # tokens of a generated answer, at most
EQUAL = 1e9  # a temperature at which all weights are the same
JOINT, SPLICED = Reading("joint", "exact"), Reading("joint", "spliced")
FUSED = Reading("fused", "exact")
BASELINE = "joint, best first"

Record = dict[str, Any]  # of one question: see `examine`


@dataclass(frozen=True)
class Way:
    """A reading of the passages; `order` says which of them, and in what order."""

    reading: Reading
    order: str = "shuffled"  # or "best first", by the question's likelihood; "gold"; "none"


WAYS = {
    "fused": Way(FUSED),
    "fused, no Bayes": Way(replace(FUSED, bayes=False)),
    "fused, temperature 2": Way(replace(FUSED, temperature=2.0)),
    "fused, equal weights": Way(replace(FUSED, temperature=EQUAL, bayes=False)),
    "fused, contrast 0.25": Way(replace(FUSED, contrast=0.25)),
    "fused, contrast 0.5": Way(replace(FUSED, contrast=0.5)),
    BASELINE: Way(JOINT, "best first"),
    "joint, random order": Way(JOINT),
    "joint, spliced, best first": Way(SPLICED, "best first"),
    "the gold passage alone": Way(JOINT, "gold"),
    "no passage": Way(JOINT, "none"),
}


@dataclass(frozen=True)
class Asked:
    """A question with its passages, the gold one among them, and its place in the seed's order."""

    id: str
    place: int
    question: Question
    passages: tuple[Document, ...]
    gold: int


def chosen(articles: Sequence[Article], count: int, seed: int) -> list[Asked]:
    """The first so many of all questions in the seed's order, then article by article.

    More questions include the fewer ones. Side by side, an article's questions find its passages
    in memory.
    """
    every = [(a, q) for a, article in enumerate(articles) for q in article.questions]
    random.Random(seed).shuffle(every)
    picked = sorted(enumerate(every[:count]), key=lambda item: item[1][0])
    return [_asked(articles[a], question, place, seed) for place, (a, question) in picked]


def _asked(article: Article, question: Question, place: int, seed: int) -> Asked:
    name = f"{article.title}\n{question.paragraph}\n{question.text}"
    id = hashlib.sha256(name.encode()).hexdigest()[:12]
    shuffle = random.Random(f"{seed} {id}")
    gold = article.passages[question.paragraph]
    others = [passage for passage in article.passages if passage is not gold]
    passages = [gold, *shuffle.sample(others, PASSAGES - 1)]
    shuffle.shuffle(passages)
    return Asked(id, place, question, tuple(passages), passages.index(gold))


class Examiner:
    """Puts questions to one engine."""

    def __init__(self, engine: Engine, language: Language) -> None:
        self._engine = engine
        self._language = language

    def examine(self, asked: Asked, record: Record, *, write: bool) -> Record:
        """The record with what it lacks: log-likelihoods, and each way's NLL and answer."""
        gold = self._engine.model.tokenize(asked.question.answers[0])
        known = {
            "question": asked.question.text,
            "gold_answers": list(asked.question.answers),
            "gold": asked.gold,
            "answer_tokens": len(gold),
            "prompt": self._digest(asked),
        }
        if {key: record.get(key) for key in known} != known:  # of other passages or words
            record = {**known, "ways": {}}
        ways = record["ways"]
        for name, way in WAYS.items():  # the first is a fused one: it knows which passage is best
            found = ways.setdefault(name, {})
            if "nll" not in found:
                last = self._ask(asked, way, record, Sampling(), gold)[1]
                if last.log_probability is None:
                    raise RuntimeError(f"{name}: the engine gave no log-probability")
                found["nll"] = -last.log_probability
                if "log_likelihoods" not in record:
                    record["log_likelihoods"] = last.log_likelihoods
            if write and "text" not in found:
                text, last = self._ask(asked, way, record, Sampling(max_tokens=WRITTEN))
                found["text"], found["tokens"] = text, last.completion_tokens
                found["recall"] = float(holds(text, asked.question.answers))
                found["f1"] = f1(text, asked.question.answers)
        return record

    def _digest(self, asked: Asked) -> str:
        model, question = self._engine.model, asked.question.text
        prompt = answer_prompt(model, question, asked.passages, self._language)
        return hashlib.sha256(str(prompt.tokens).encode()).hexdigest()

    def _ask(
        self,
        asked: Asked,
        way: Way,
        record: Record,
        sampling: Sampling,
        forced: Sequence[int] = (),
    ) -> tuple[str, Finish]:
        passages = _ordered(asked, way.order, record)
        prompt = answer_prompt(self._engine.model, asked.question.text, passages, self._language)
        answer = read_answer(self._engine.generate(prompt, sampling, way.reading, forced=forced))
        return answer.text, answer.finish


def _ordered(asked: Asked, order: str, record: Record) -> list[Document]:
    if order == "none":
        return []
    if order == "gold":
        return [asked.passages[asked.gold]]
    places = list(range(len(asked.passages)))
    if order == "best first":
        places.sort(key=lambda place: -record["log_likelihoods"][place])
    return [asked.passages[place] for place in places]


def run_language(
    engine: Engine, language: Language, options: argparse.Namespace, results: dict[str, Any]
) -> list[str]:
    """Examine a language's questions into `results`, kept after each; returns their ids."""
    picked = chosen(read_articles(language), options.questions, options.seed)
    records = results["languages"].setdefault(language, {})
    examiner = Examiner(engine, language)
    for number, asked in enumerate(picked):
        record = records.get(asked.id, {})
        records[asked.id] = examiner.examine(asked, record, write=asked.place < options.generate)
        save_results(NAME, results)
        note(f"{language}: {number + 1} of {len(picked)} questions")
    return [asked.id for asked in picked]


def begun(run: str, options: argparse.Namespace) -> dict[str, Any]:
    """Empty results, or with --resume those of the last run; SystemExit if they do not fit."""
    results = {"run": run, "seed": options.seed, "languages": {}}
    path = RESULTS / f"{NAME}.json"
    if not options.resume or not path.is_file():
        return results
    last: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if any(last.get(key) != results[key] for key in ("run", "seed")):
        sys.exit(f"{path.name} is of another run: {last.get('run')}. Go on without --resume.")
    return last


def main() -> int:
    """Examine both languages; 0, also where the questions are absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_weights_option(parser)
    parser.add_argument("--questions", type=int, default=200, help="per language")
    parser.add_argument("--generate", type=int, default=50, help="of them, with written answers")
    parser.add_argument("--languages", nargs="+", choices=["en", "zh"], default=["en", "zh"])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--resume", action="store_true", help="go on where the last run ended")
    options = parser.parse_args()
    if not all(read_articles(language) for language in options.languages):
        return 0
    load = loading(options.weights)
    results = begun(load.label, options)
    engine = load.engine()
    examined = {
        language: run_language(engine, language, options, results) for language in options.languages
    }
    engine.close()
    print(f"{load}; seed {options.seed}")
    results.setdefault("summary", {})
    for language, ids in examined.items():
        records = [results["languages"][language][id] for id in ids]
        results["summary"][language] = summarize(records, list(WAYS), BASELINE)
        print_summary(language, results["summary"][language], BASELINE)
    save_results(NAME, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
