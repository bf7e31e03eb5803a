"""What an adapter does to answers, on articles that the recipe's own never learnt from.

Questions of XQuAD's development halves about the articles that adapter_recipe.py keeps back, with
and without the adapter, greedily: with the gold passage; with the three passages that the library
finds among all paragraphs, read fused; and with the nearest three that do not hold the answer,
where saying so is right. A refusal stands only where each passage finds it likelier than all
answers; beside that, as likely as in the passages' weighted mean ("averaged"). Word F1 and exact
match are SQuAD's (characters in Chinese), recall is whether the gold answer stands in the text;
brackets hold 95% intervals from 1,000 resamples.
Prints a table for each language, writes benchmarks/results/finetune.json.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from adapter_recipe import kept_back
from engine_setup import (
    Article,
    Loading,
    add_weights_option,
    answer_prompt,
    loading,
    note,
    print_table,
    read_answer,
    read_articles,
    save_results,
)
from langchain_core.documents import Document
from squad import Question

from chains.evaluation.bootstrap import interval, mean
from chains.evaluation.scores import f1, holds, words
from chains.language import Language
from chains.lessons.teaching import nothing_found
from ingest import Library, sync
from models.adapters import find_adapter
from models.bundled import BUNDLED_ADAPTER
from models.call import refusal_of
from models.engine.engine import Engine
from models.engine.prompt import Reading
from models.engine.sampling import Sampling
from models.errors import KvasirError

GOLD, FOUND, IN_VAIN = "the gold passage", "three found, fused", "three without the answer"
AVERAGED = ", averaged"
WAYS = (GOLD, FOUND, FOUND + AVERAGED, IN_VAIN, IN_VAIN + AVERAGED)
PASSAGES = 3
WRITTEN = 48  # tokens of an answer, at most


@dataclass(frozen=True)
class Case:
    """A question, how it is asked, and the passages that it is asked of."""

    question: Question
    way: str
    passages: tuple[Document, ...]


@dataclass(frozen=True)
class Outcome:
    """What was written, and how near it comes; where IN_VAIN only `refused` means something."""

    way: str
    question: str
    gold: tuple[str, ...]
    text: str
    f1: float
    recall: float
    exact: float
    refused: float
    seconds: float


def cases(articles: Sequence[Article], library: Library, most: int) -> Iterator[Case]:
    """All that is asked, of the articles kept back."""
    asked = [
        (article, question)
        for article in articles
        if kept_back(article.title)
        for question in article.questions
    ]
    for article, question in asked[:: max(1, len(asked) // most)][:most]:
        yield Case(question, GOLD, (article.passages[question.paragraph],))
        hits = library.search(question.text, k=4 * PASSAGES)
        others = [hit for hit in hits if not holds(hit.page_content, question.answers)]
        for way in ("", AVERAGED):
            yield Case(question, FOUND + way, tuple(map(_plain, hits[:PASSAGES])))
            yield Case(question, IN_VAIN + way, tuple(map(_plain, others[:PASSAGES])))


def _plain(hit: Document) -> Document:
    """The passage with the title of its article, which is its folder's name."""
    return Document(hit.page_content, metadata={"title": Path(hit.metadata["source"]).parent.name})


@contextmanager
def shelved(articles: Sequence[Article]) -> Iterator[Library]:
    """A library of all paragraphs, each a document in a folder with its article's title."""
    with tempfile.TemporaryDirectory() as place:
        for article in articles:
            folder = Path(place) / "documents" / article.title.replace("/", "-")
            folder.mkdir(parents=True)
            for number, passage in enumerate(article.passages):
                (folder / f"{number}.txt").write_text(passage.page_content, "utf-8")
        with Library(Path(place) / "library") as library:
            sync(library, [Path(place) / "documents"])
            yield library


def ask(engine: Engine, case: Case, language: Language, adapter: Path | None) -> Outcome:
    """Put a question to the model."""
    prompt = answer_prompt(engine.model, case.question.text, case.passages, language)
    refusal = () if AVERAGED in case.way else _refusal(engine, case)
    reading = Reading("fused", "exact", refusal=refusal)
    stream = engine.generate(prompt, Sampling(max_tokens=WRITTEN), reading, adapter=adapter)
    answer = read_answer(stream)
    text, golds = answer.text.strip(), case.question.answers
    return Outcome(
        way=case.way,
        question=case.question.text,
        gold=golds,
        text=text,
        f1=f1(text, golds),
        recall=float(holds(text, golds)),
        exact=float(any(words(text) == words(gold) for gold in golds)),
        refused=float(words(text) == words(nothing_found(case.question.text))),
        seconds=answer.first_s,
    )


def _refusal(engine: Engine, case: Case) -> tuple[int, ...]:
    return refusal_of(engine.model, nothing_found(case.question.text))


def table(language: str, runs: dict[str, list[Outcome]]) -> None:
    """A row for every way of asking and model."""
    rows = []
    for way in WAYS:
        for name, outcomes in runs.items():
            own = [outcome for outcome in outcomes if outcome.way == way]
            if not own:
                continue
            measures: list[Callable[[Outcome], float]] = [
                lambda o: o.f1, lambda o: o.recall, lambda o: o.exact, lambda o: o.refused
            ]  # fmt: skip
            figures = [_figure([measure(each) for each in own]) for measure in measures]
            shown = ["", "", "", figures[3]] if IN_VAIN in way else figures
            rows.append([way, name, len(own), *shown])
    head = ["passages", "model", "questions", "F1", "recall", "exact", "refused"]
    print_table(f"XQuAD {language}, articles kept back", head, rows)


def _figure(values: Sequence[float]) -> str:
    if not values:
        return "-"
    low, high = interval(values)
    return f"{mean(values):.2f} ({low:.2f}–{high:.2f})"


def measure(
    load: Loading, languages: Sequence[Language], adapters: Sequence[str], most: int
) -> dict[str, dict[str, list[Outcome]]]:
    """Ask every model everything, in one engine."""
    engine = load.engine()
    found: dict[str, dict[str, list[Outcome]]] = {}
    for language in languages:
        articles = read_articles(language)
        with shelved(articles) as library:
            every = list(cases(articles, library, most))
        found[language] = {}
        for name in ("", *adapters):
            outcomes = found[language].setdefault(name or "as it is", [])
            for number, case in enumerate(every):
                if not name and AVERAGED in case.way:  # as it is it never refuses
                    continue
                outcomes.append(ask(engine, case, language, find_adapter(name)))
                if number % 30 == 0:
                    note(f"{language} {name or 'as it is'}: {number} of {len(every)}")
        table(language, found[language])
    engine.close()
    return found


def main() -> int:
    """Measure; 0 also where the questions or the adapter are absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_weights_option(parser)
    parser.add_argument("--adapter", nargs="+", default=[BUNDLED_ADAPTER], help="names or paths")
    parser.add_argument("--questions", type=int, default=200, help="of each language, at most")
    parser.add_argument("--languages", nargs="+", choices=["en", "zh"], default=["en", "zh"])
    options = parser.parse_args()
    if not all(read_articles(language) for language in options.languages):
        return 0
    try:
        for name in options.adapter:
            find_adapter(name)
    except KvasirError as error:
        print(f"skipped: {error}")
        return 0
    load = loading(options.weights)
    print(load)
    found = measure(load, options.languages, options.adapter, options.questions)
    results = {
        language: {name: [asdict(each) for each in outcomes] for name, outcomes in runs.items()}
        for language, runs in found.items()
    }
    save_results("finetune", {"run": load.label, "languages": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
