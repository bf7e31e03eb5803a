"""The commands `python chains "question"` and `python chains warm`, in a terminal or as JSON.

`python chains eval` and the conversation that begins without a question have their own modules.

Exit codes: 0 all well, 1 some passages cannot be read by the model, 2 unusable arguments, library
or model, 130 interrupted.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from functools import reduce
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.runnables.utils import AddableDict
from pydantic import ByteSize

from chains.errors import QuestionError
from chains.printed import show
from chains.question import read_question
from ingest.errors import LibraryError
from models.errors import KvasirError

if TYPE_CHECKING:
    from chains.warming import Warming
    from ingest import Library

ALL_WELL, SOME_FAILED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
WARM = "warm"  # a text that is a command and not a question, as is
EVAL = "eval"  # this one, as the first argument


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer a question, evaluate many, or compute the passages' KV ahead; gives the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if given and given[0] == EVAL:
        from chains.evaluation.cli import main as evaluate

        return evaluate(given[1:])
    options = _parser().parse_args(given)
    try:
        if options.question == WARM:
            return _warm(options.library, as_json=options.json)
        if options.question is None:
            return _talk(options.library, as_json=options.json)
        return _ask(options.question, options.library, as_json=options.json)
    except KvasirError as error:
        if options.json:
            _print_json({"error": str(error)})
        print(f"kvasir: {error}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        kept = "; what was computed is kept, run it again to go on"
        print(f"\nkvasir: stopped{kept if options.question == WARM else ''}", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python chains",
        description="Answer a question from the library's documents.",
        epilog="Exit codes: 0 all well, 1 some passages cannot be read by the model, "
        "2 unusable arguments, library or model, 130 interrupted.",
    )
    parser.add_argument(
        "question",
        nargs="?",
        help="what to ask, in Chinese or in English; without one a conversation begins; "
        "or the word warm, to compute the passages' part of the model's KV cache ahead of any "
        "question; see also: python chains eval --help",
    )
    parser.add_argument("--library", metavar="DIR", type=Path, help="the library's folder")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


@contextmanager
def opened(folder: Path | None) -> "Iterator[Library]":
    """The library. Raises LibraryError where there is none: asking makes none."""
    from ingest import Library
    from ingest.library import library_folder

    place = library_folder(folder)
    if not (place / "library.db").is_file():
        raise LibraryError(f"there is no library in {place}. Make one: python ingest PATH")
    with Library(place) as library:
        yield library


def _print_json(shown: dict[str, Any]) -> None:
    print(json.dumps(shown, ensure_ascii=False, indent=2))


# ---- a question


def _ask(question: str, folder: Path | None, *, as_json: bool) -> int:
    read_question(question)  # before anything is loaded for it
    from chains.rag import rag_chain

    with opened(folder) as library, closing(rag_chain(library).stream(question)) as parts:
        if as_json:
            _print_json(_plain(reduce(add, parts)))
        else:
            show(parts, AddableDict())
    return ALL_WELL


def _talk(folder: Path | None, *, as_json: bool) -> int:
    if as_json:
        raise QuestionError('--json needs a question: python chains "…" --json')
    from chains.rag import rag_chain
    from chains.terminal_chat import TerminalChat

    with opened(folder) as library:
        return ALL_WELL if TerminalChat(rag_chain(library)).run() else UNUSABLE


def _plain(result: dict[str, Any]) -> dict[str, Any]:
    sources = [
        {"page_content": source.page_content, "metadata": source.metadata}
        for source in result["sources"]
    ]
    return {**result, "sources": sources}


# ---- the passages' KV


def _warm(folder: Path | None, *, as_json: bool) -> int:
    from chains.quoting import quotes
    from chains.warming import warm
    from models.chat_model import chat_model

    llm = chat_model()
    with opened(folder) as library:
        steps = warm(library, llm)
        account = next(steps)
        if quotes(llm):
            print(
                "kvasir: this model quotes, and reads no passages for it: what is computed now is "
                "of use with KVASIR_ANSWERS=written",
                file=sys.stderr,
            )
        _watch(account, steps)
    if as_json:
        _print_json(_warmed(account))
    else:
        _print_warmed(account)
    return SOME_FAILED if account.failed else ALL_WELL


def _watch(account: "Warming", steps: "Iterator[Warming]") -> None:
    """Do it, with a bar on standard error where that is a terminal."""
    from tqdm import tqdm

    with tqdm(
        total=account.chosen, unit="passage", dynamic_ncols=True, leave=False, disable=None
    ) as bar:
        for account in steps:
            bar.set_postfix_str(f"{account.tokens_per_s:.0f} tokens/s", refresh=False)
            bar.update(account.done - bar.n)


def _print_warmed(account: "Warming") -> None:
    for unread in account.failed:
        print(f"failed   {unread.source}, page {unread.page}: {unread.reason}")
    print(
        f"{account.passages:,} passages: {account.computed:,} computed "
        f"({account.tokens:,} tokens, {account.tokens_per_s:.0f} tokens/s), "
        f"{account.reused:,} there already"
    )
    if account.left:
        print(
            f"{account.chosen:,} of {account.passages:,} passages fit into {_bytes(account.room)}. "
            f"All take about {_bytes(account.enough)}: set KVASIR_KV_BUDGET, and see that the "
            "disk has the room"
        )


def _warmed(account: "Warming") -> dict[str, Any]:
    return {
        "passages": account.passages,
        "computed": account.computed,
        "reused": account.reused,
        "left": account.left,
        "failed": [asdict(unread) for unread in account.failed],
        "tokens": account.tokens,
        "tokens_per_s": account.tokens_per_s,
        "room": account.room,
        "enough": account.enough,
    }


def _bytes(count: int) -> str:
    return str(ByteSize(count).human_readable())
