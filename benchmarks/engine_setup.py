"""What the engine's benchmarks share: a loaded engine, real passages with questions, a table.

Prompts are made as the product makes them: the chains' words, passages marked as reusable, the
model's own template. It knows nothing of what is measured.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from langchain_core.documents import Document  # noqa: E402
from langchain_core.messages import HumanMessage  # noqa: E402
from squad import QA, Question  # noqa: E402

from chains.language import Language  # noqa: E402
from chains.prompts import answer_messages  # noqa: E402
from models.chat_template import to_prompt  # noqa: E402
from models.engine.context import Placement  # noqa: E402
from models.engine.engine import Engine  # noqa: E402
from models.engine.model import Model  # noqa: E402
from models.engine.prompt import Prompt  # noqa: E402
from models.engine.stream import Finish, Stream, Text  # noqa: E402
from models.errors import KvasirError  # noqa: E402
from models.loaded import best_placement  # noqa: E402
from models.quantize import KINDS, quantize  # noqa: E402
from models.settings import get_settings  # noqa: E402
from models.tuning import cores, machine  # noqa: E402
from models.turns import to_turns  # noqa: E402
from models.weights import BUNDLED, find_weights  # noqa: E402

RESULTS = Path(__file__).resolve().parent / "results"


# ---- passages and questions


@dataclass(frozen=True)
class Article:
    """An article's passages, in its order, and its questions; `paragraph` counts within it."""

    title: str
    passages: tuple[Document, ...]
    questions: tuple[Question, ...]


def read_articles(language: Language) -> list[Article]:
    """XQuAD's development half in a language; [] after a message where it is absent."""
    path = QA / f"xquad.{language}.dev.json"
    if not path.is_file():
        print(f"skipped: the questions are not at {path}")
        return []
    return [_article(entry) for entry in json.loads(path.read_text("utf-8"))["data"]]


def _article(entry: dict[str, Any]) -> Article:
    title = entry["title"].replace("_", " ")
    passages, questions = [], []
    for number, paragraph in enumerate(entry["paragraphs"]):
        passages.append(Document(paragraph["context"], metadata={"title": title}))
        for qa in paragraph["qas"]:
            golds = tuple(dict.fromkeys(answer["text"] for answer in qa["answers"]))
            questions.append(Question(qa["question"], golds, number))
    return Article(title, tuple(passages), tuple(questions))


def answer_prompt(
    model: Model, question: str, passages: Sequence[Document], language: Language
) -> Prompt:
    """The tokens of what the chains ask, in the model's template."""
    messages = answer_messages(question, passages, [], language, marked=True)
    return to_prompt(model, to_turns(messages))


def chat_prompt(model: Model, text: str) -> Prompt:
    """The tokens of a person's message, with nothing else before it."""
    return to_prompt(model, to_turns([HumanMessage(text)]))


def shortened(model: Model, text: str, tokens: int) -> str:
    """The beginning of a text that is about so many tokens."""
    pieces = [model.piece(token) for token in model.tokenize(text[: 16 * tokens])[:tokens]]
    return b"".join(pieces).decode("utf-8", "ignore")


# ---- the engine


@dataclass(frozen=True)
class Loading:
    """What is loaded and how, in words which file that is, and the one it was made from."""

    source: Path
    weights: Path
    placement: Placement
    label: str

    def engine(self, context: int = 0) -> Engine:
        """Load it, with another size of context if one is given."""
        placement = replace(self.placement, context=context) if context else self.placement
        return Engine(self.weights, placement)

    def __str__(self) -> str:
        threads = self.placement.threads or cores()
        return f"{self.label}; threads: {threads}; {machine()}"


def add_weights_option(parser: argparse.ArgumentParser) -> None:
    """Let the caller choose what `loading` loads."""
    parser.add_argument(
        "--weights",
        default="best",
        help="best: what the program would run here, or Q4_0 where that is the packaged file "
        "(the default); packaged; a quantization to be made of it, as Q8_0; or a GGUF file",
    )


def loading(choice: str) -> Loading:
    """The weights that `--weights` names, requantized into the cache if need be.

    Ends the program with a line if there are none.
    """
    try:
        return _loading(choice)
    except KvasirError as error:
        sys.exit(str(error))


def _loading(choice: str) -> Loading:
    source = find_weights(get_settings().model)
    best, placement = best_placement(source)
    if choice == "packaged":
        return Loading(source, source, placement, f"{source.name} as packaged")
    if choice == "best" and best != source:
        return Loading(source, best, placement, f"{best.name}, which tuning chose")
    if choice == "best" and get_settings().model not in BUNDLED:
        return Loading(source, source, placement, f"{source.name}, untuned")
    kind = "Q4_0" if choice == "best" else choice.upper()
    if kind not in KINDS:
        path = find_weights(choice)
        return Loading(path, path, placement, path.name)
    why = ": nothing was tuned here" if choice == "best" else ""
    label = f"{source.name} made {kind}{why}"
    return Loading(source, _requantized(source, kind), placement, label)


def _requantized(source: Path, kind: str) -> Path:
    target = get_settings().cache.expanduser() / "quantized" / f"{source.stem}-{kind}.gguf"
    if not target.is_file() or target.stat().st_mtime < source.stat().st_mtime:
        quantize(source, target, kind, lambda _done, _total: None)
    return target


def forget(engine: Engine) -> None:
    """Empty the KV cache and save nothing: what is asked next starts from blobs, or from nothing.

    Nobody but a benchmark wants this, so the engine has no method for it. Between turns its
    thread waits for the lock that is held here.
    """
    scheduler, changed = engine._scheduler, engine._changed
    with changed:
        while scheduler._running:
            changed.wait(0.001)
        for sequence in scheduler.sequences.resident:
            scheduler.sequences.drop(sequence)


@dataclass(frozen=True)
class Answer:
    """What came of a stream; `first_s` from asking to the first text, as the caller waits."""

    text: str
    finish: Finish
    first_s: float


def read_answer(stream: Stream, asked: float = 0.0) -> Answer:
    """Read a stream to its end; `asked` is when its caller began, by time.perf_counter."""
    asked = asked or time.perf_counter()
    first, text = 0.0, ""
    with closing(stream):
        for event in stream:
            if isinstance(event, Text | Finish):
                first = first or time.perf_counter() - asked
            if isinstance(event, Text):
                text += event.text
            elif isinstance(event, Finish):
                return Answer(text, event, first)
    raise RuntimeError("the engine ended the stream without a Finish")


# ---- results


def print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A Markdown table, numbers right and the rest left, under its title; nothing without rows."""
    if not rows:
        return
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in [list(head), *cells]) for column in range(len(head))]
    print(f"\n{title}")
    print("| " + " | ".join(name.ljust(w) for name, w in zip(head, widths, strict=True)) + " |")
    print("| " + " | ".join("-" * w for w in widths) + " |")
    for row in cells:
        shown = [
            cell.rjust(w) if cell[:1].isdigit() or cell[:1] in "-+×" else cell.ljust(w)
            for cell, w in zip(row, widths, strict=True)
        ]
        print("| " + " | ".join(shown) + " |")


def save_results(name: str, results: object) -> None:
    """Keep results as benchmarks/results/NAME.json."""
    RESULTS.mkdir(exist_ok=True)
    draft = RESULTS / f".{name}.draft"
    draft.write_text(json.dumps(results, indent=1, ensure_ascii=False), "utf-8")
    draft.replace(RESULTS / f"{name}.json")  # a kill never leaves half a file


def note(text: str) -> None:
    """Progress, which is no part of the results."""
    print(text, file=sys.stderr, flush=True)
