"""The command `python chains eval`: one's own questions, put to one's own library.

Exit codes: 0 all well, 1 some lines or questions failed (each named), 2 unusable arguments,
library, model or file, 130 interrupted: what was done is shown and kept.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chains.cli import ALL_WELL, INTERRUPTED, SOME_FAILED, UNUSABLE, opened
from chains.evaluation.errors import EvaluationError
from models.errors import KvasirError

if TYPE_CHECKING:
    from chains.evaluation.gold import BadLine, Gold
    from chains.evaluation.outcome import Outcome
    from chains.evaluation.run import Run
    from chains.evaluation.summary import Difference
    from ingest import Library


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate, or draft questions; gives the exit code."""
    options = _options(arguments)
    try:
        return _draft(options) if options.generate else _evaluate(options)
    except KvasirError as error:
        if options.json:
            _print_json({"error": str(error)})
        print(f"kvasir: {error}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        print("\nkvasir: stopped", file=sys.stderr)
        return INTERRUPTED


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python chains eval",
        description="Ask the library the questions of a file, and tell how well it answers.",
        epilog="Exit codes: 0 all well, 1 some lines or questions failed, 2 unusable arguments, "
        "library, model or file, 130 interrupted.",
    )
    say = parser.add_argument
    say("questions", nargs="?", metavar="QUESTIONS.jsonl", type=Path, help="a JSON object a line")
    say("--library", metavar="DIR", type=Path, help="the library's folder")
    say("--json", action="store_true", help="print one JSON object")
    say("--save", metavar="NAME|FILE", help="what to call the run; by default, by file and time")
    say("--against", metavar="NAME|FILE", help="a stored run to compare with")
    say("--limit", metavar="N", type=_count, help="the first so many questions only")
    say("--generate", metavar="N", type=_count, help="draft so many questions from the library")
    say("--out", metavar="FILE", type=Path, help="where to write them; by default questions.jsonl")
    say("--yes", action="store_true", help="keep all that are drafted, without asking")
    given = parser.parse_args(arguments)
    if bool(given.questions) == bool(given.generate):
        parser.error("give either a file of questions, or --generate N")
    for name in ("save", "against", "limit"):
        if getattr(given, name) is not None and not given.questions:
            parser.error(f"--{name} goes with a file of questions")
    for name in ("out", "yes"):
        if getattr(given, name) and not given.generate:
            parser.error(f"--{name} goes with --generate")
    return given


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 100000")
    return int(text)


def _print_json(shown: dict[str, Any]) -> None:
    print(json.dumps(shown, ensure_ascii=False, indent=2))


def _note(line: str) -> None:
    print(f"kvasir: {line}", file=sys.stderr)


# ---- asking


def _evaluate(options: argparse.Namespace) -> int:
    from chains.evaluation.gold import left_out, read_gold
    from chains.evaluation.run import check_free, find_run, new_path, run_path

    questions, bad = read_gold(options.questions)
    if bad:
        _note(f"{options.questions}: left out {left_out(bad)}")
    with opened(options.library) as library:
        path = (
            run_path(library, options.save)
            if options.save is not None
            else new_path(library, options.questions)
        )
        check_free(path)
        before = find_run(library, options.against) if options.against is not None else None
        run = _asked(library, questions[: options.limit], path.stem, options.questions)
    return _tell(run, before, bad, path, as_json=options.json)


def _asked(library: "Library", questions: "Sequence[Gold]", name: str, file: Path) -> "Run":
    """Ask, with a bar on standard error where that is a terminal; Ctrl-C ends it early."""
    from tqdm import tqdm

    from chains.evaluation.run import new_run
    from chains.evaluation.trial import evaluate
    from chains.rag import rag_chain

    chain = rag_chain(library)
    outcomes: list[Outcome] = []
    date, started = datetime.now().astimezone(), time.monotonic()
    trials = evaluate(chain, questions)
    with (
        closing(trials),
        tqdm(
            total=len(questions), unit="question", dynamic_ncols=True, leave=False, disable=None
        ) as bar,
    ):
        try:
            for each in trials:
                outcomes.append(each)
                bar.update()
        except KeyboardInterrupt:
            if not outcomes:
                raise
    seconds = time.monotonic() - started
    return new_run(chain, file, name, date, len(questions), outcomes, seconds)


def _tell(
    run: "Run", before: "Run | None", bad: "Sequence[BadLine]", path: Path, *, as_json: bool
) -> int:
    """Show a run and store it; one that cannot be stored is shown all the same."""
    from chains.evaluation.run import write_run
    from chains.evaluation.run_text import run_text
    from chains.evaluation.summary import compare

    problem = ""
    try:
        write_run(run, path)
    except EvaluationError as error:
        problem = str(error)
    differences = compare(run.outcomes, before.outcomes) if before else None
    if as_json:
        _print_json(_as_json(run, differences, bad, "" if problem else str(path)))
    else:
        print(run_text(run, before, differences))
        if not problem:
            print(f"stored as {path}")
    if problem:
        _note(problem)
        return UNUSABLE
    if not run.complete:
        _note(f"stopped after {len(run.outcomes)} of {run.asked} questions")
        return INTERRUPTED
    return SOME_FAILED if bad or any(each.error for each in run.outcomes) else ALL_WELL


def _as_json(
    run: "Run",
    differences: "dict[str, Difference] | None",
    bad: "Sequence[BadLine]",
    stored: str,
) -> dict[str, Any]:
    shown = run.model_dump(mode="json")
    if differences is not None:
        shown["differences"] = {name: each.model_dump() for name, each in differences.items()}
    return {**shown, "bad_lines": [asdict(line) for line in bad], "stored": stored}


# ---- drafting


def _draft(options: argparse.Namespace) -> int:
    from chains.evaluation.drafting import draft
    from chains.evaluation.gold import written
    from models.chat_model import chat_model

    path = options.out or Path("questions.jsonl")
    by_hand = not (options.yes or options.json) and sys.stdin.isatty() and sys.stdout.isatty()
    llm, kept, stopped = chat_model(), 0, False
    with opened(options.library) as library:
        found = draft(library, llm, options.generate)
        chosen = _sifted(found) if by_hand else _watched(found, options.generate)
        try:
            for _ in written(path, chosen):
                kept += 1
        except KeyboardInterrupt:
            stopped = True
    if options.json:
        _print_json({"questions": kept, "file": str(path) if kept else ""})
    elif kept:
        print(f"{kept:,} questions are in {path}")
        print(f"Ask them: python chains eval {path}")
    else:
        print("no question was kept" if by_hand else "no question could be drafted")
    if stopped:
        _note("stopped")
        return INTERRUPTED
    return ALL_WELL if kept or by_hand else SOME_FAILED


def _sifted(found: "Iterator[Gold]") -> "Iterator[Gold]":
    from chains.evaluation.sifting import sift

    return sift(found, print, input)


def _watched(found: "Iterator[Gold]", wanted: int) -> "Iterator[Gold]":
    """All of them, with a bar on standard error where that is a terminal."""
    from tqdm import tqdm

    with tqdm(total=wanted, unit="question", dynamic_ncols=True, leave=False, disable=None) as bar:
        for gold in found:
            yield gold
            bar.update()
