"""The command `python models finetune`: lessons from files or from one's own library, learnt.

models.cli reads the arguments and finds this module by its name: models imports no chains.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chains.lessons.errors import LessonError
from chains.model_size import SMALL
from models.adapters import find_adapter, own_adapter
from models.card import read_card
from models.errors import ModelError
from models.finetune.launch import is_first, launched
from models.settings import get_settings
from models.weights import find_weights, is_provider

if TYPE_CHECKING:
    from chains.evaluation.gold import Gold
    from chains.lessons.example import Example
    from models.finetune.finetune import Trained
    from models.finetune.progress import Progress
    from models.finetune.recipe import Recipe

ALL_WELL = 0
EVERY_S = 30.0  # between lines of progress where that is no terminal


def main(options: argparse.Namespace) -> int:
    """Train an adapter; gives the exit code. Raises KvasirError, or KeyboardInterrupt."""
    from chains.lessons.teaching import teach
    from models.finetune.finetune import adapter_file, checkpoint_of, finetune
    from models.finetune.packages import check_packages

    name = get_settings().model
    if is_provider(name):
        raise ModelError(f"{name} runs elsewhere and cannot be fine-tuned here. Set KVASIR_MODEL.")
    weights = find_weights(name)
    check_packages(options.method)  # before any work is done
    adapter_file(options.out)
    base = _base(options)
    small = read_card(weights).parameters < SMALL
    lessons = teach(_examples(options), options.seed, small=small)
    _note(f"{len(lessons):,} lessons; reading the model")
    shown = _Shown()
    try:
        trained = finetune(
            *(weights, lessons, _recipe(options, base), options.out, shown),
            base=base,
            restart=options.restart,
        )
    except KeyboardInterrupt:
        if checkpoint_of(options.out).is_file():
            _note("what was learnt is kept: run the same command to go on")
        raise
    finally:
        shown.close()
    if is_first():
        _tell(trained, options)
    return ALL_WELL


def _base(options: argparse.Namespace) -> Path | None:
    """The LoRA adapter in use, which the training goes on from, if it is to."""
    from models.finetune.base import rank_of

    settings = get_settings()
    if options.afresh or options.method not in ("lora", "qlora"):
        return None
    base = find_adapter(settings.adapter) if settings.adapter else own_adapter(settings.model)
    rank = rank_of(base) if base else 0
    if base is None or not rank:
        return None
    if options.rank not in (None, rank):
        raise ModelError(
            f"the adapter in use, {base.stem}, has the rank {rank}: leave out --rank, or begin "
            "with nothing by --afresh"
        )
    _note(f"the training goes on from the adapter {base.stem} (--afresh begins with nothing)")
    return base


def _recipe(options: argparse.Namespace, base: Path | None) -> "Recipe":
    """The recipe with what was asked for, and the rank of the adapter that is gone on from."""
    from models.finetune.base import rank_of
    from models.finetune.recipe import Recipe

    names = ("method", "rank", "tokens", "rate", "epochs", "steps", "seed", "less_memory")
    given = {name: getattr(options, name) for name in names}
    given["rank"] = rank_of(base) if base else given["rank"]
    return Recipe(**{name: value for name, value in given.items() if value is not None})


# ---- what is learnt


def _examples(options: argparse.Namespace) -> "list[Example]":
    from chains.lessons.files import read_examples
    from chains.lessons.rivals import with_rivals

    if options.from_library and launched():
        raise LessonError(
            "--from-library drafts and asks in one process: run it without accelerate launch"
        )
    found = [example for path in options.data for example in read_examples(path)]
    if options.from_library:
        found += _drafted(options)
    return with_rivals(found)


def _drafted(options: argparse.Namespace) -> "list[Example]":
    """Examples from the library; a person keeps or drops the questions in a terminal."""
    from chains.cli import opened
    from chains.evaluation.drafting import draft
    from chains.lessons.drafted import as_examples, with_gaps_in
    from models.chat_model import chat_model

    by_hand = not (options.yes or options.json) and sys.stdin.isatty() and sys.stdout.isatty()
    with opened(options.library) as library:
        golds = draft(library, chat_model(), options.questions, options.seed)
        kept = list(as_examples(library, _sifted(golds) if by_hand else _counted(golds, options)))
        if not kept:
            raise LessonError("no question of the library was kept: there is nothing to learn from")
        gaps = with_gaps_in(library, options.questions, options.seed)
    _note(f"{len(kept):,} questions of the library, {len(gaps):,} of its sentences with a gap")
    return [*kept, *gaps]


def _sifted(golds: "Iterator[Gold]") -> "Iterator[Gold]":
    from chains.evaluation.sifting import sift

    return sift(golds, print, input)


def _counted(golds: "Iterator[Gold]", options: argparse.Namespace) -> "Iterator[Gold]":
    """All of them, with a bar on standard error where that is a terminal."""
    from tqdm import tqdm

    with tqdm(
        total=options.questions, unit="question", dynamic_ncols=True, leave=False, disable=None
    ) as bar:
        for gold in golds:
            yield gold
            bar.update()


# ---- what is shown


class _Shown:
    """The progress on standard error: one line written anew in a terminal, else one at times."""

    def __init__(self) -> None:
        self._last = 0.0
        self._open = False

    def __call__(self, progress: "Progress") -> None:
        now = time.monotonic()
        if sys.stderr.isatty():
            print(f"\r\x1b[K{progress.line()}", end="", file=sys.stderr, flush=True)
            self._open = True
        elif now - self._last >= EVERY_S or progress.step == progress.steps:
            print(progress.line(), file=sys.stderr, flush=True)
            self._last = now

    def close(self) -> None:
        """Leave the line as it is."""
        if self._open:
            print(file=sys.stderr)


def _tell(trained: "Trained", options: argparse.Namespace) -> None:
    if options.json:
        shown: dict[str, Any] = {**asdict(trained), "path": str(trained.path)}
        print(json.dumps(shown, ensure_ascii=False, indent=1))
        return
    size = trained.path.stat().st_size
    print(f"{trained.path}  {size / 1e6:.1f} MB, of {trained.lessons:,} lessons", end="")
    print(f" in {trained.seconds / 60:.0f} min, {trained.steps:,} steps")
    if trained.left_out:
        print(f"{trained.left_out:,} lessons were too long and left out")
    if trained.held is not None and trained.exact is not None:
        print(
            f"best after step {trained.best_step:,}: of {trained.held_lessons:,} answers held "
            f"back, {trained.exact:.0%} would be given word for word"
        )
    print(f'Use it: KVASIR_ADAPTER={options.out} KVASIR_ANSWERS=written python chains "…"')


def _note(line: str) -> None:
    if is_first():
        print(f"kvasir: {line}", file=sys.stderr)
