"""The command `python chains "question"`: evidence, answer and sources in a terminal, or JSON."""

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from langchain_core.documents import Document
from langchain_core.messages.content import Citation
from langchain_core.runnables.utils import AddableDict

from chains.question import read_question
from ingest.errors import LibraryError
from models.errors import KvasirError

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer one question; returns 0, or 2 for a question, library or model that can't be used."""
    parser = argparse.ArgumentParser(prog="python chains", description=__doc__)
    parser.add_argument("question", help="what to ask, in Chinese or in English")
    parser.add_argument("--library", type=Path, help="the folder of the library")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    try:
        read_question(options.question)  # before anything is loaded for it
        result = _answer(options.question, options.library, quiet=options.json)
    except KvasirError as error:
        if options.json:
            print(json.dumps({"error": str(error)}, ensure_ascii=False))
        print(f"kvasir: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nkvasir: stopped", file=sys.stderr)
        return INTERRUPTED
    if options.json:
        print(json.dumps(_plain(result), ensure_ascii=False, indent=2))
    else:
        _print_sources(result)
    return 0


def _answer(question: str, folder: Path | None, *, quiet: bool) -> dict[str, Any]:
    from chains.rag import rag_chain
    from ingest import Library
    from ingest.library import library_folder

    place = library_folder(folder)
    if not (place / "library.db").is_file():
        raise LibraryError(f"there is no library in {place}. Make one: python ingest PATH")
    result = AddableDict()
    with Library(place) as library, closing(rag_chain(library).stream(question)) as parts:
        for part in parts:
            result = result + part
            if quiet:
                continue
            if "sources" in part:
                _print_evidence(part["sources"])
            print(part.get("answer", ""), end="", flush=True)
    return result


def _print_evidence(sources: Sequence[Document]) -> None:
    for number, source in enumerate(sources, 1):
        for start, end in source.metadata["highlights"]:
            print(f"[{number}] “{' '.join(source.page_content[start:end].split())}”")
    print(flush=True)


def _print_sources(result: dict[str, Any]) -> None:
    citations: list[Citation] = result["citations"]
    cited = {citation.get("extras", {}).get("passage") for citation in citations}
    print("\n")
    for number, source in enumerate(result["sources"], 1):
        mark = "cited" if number - 1 in cited else "read"
        print(f"[{number}] {_place(source)}  ({mark})")
    timings = result["timings"]
    print(
        f"{result['grounded']:.0%} of the answer's sentences stand in the passages · "
        f"{timings['reused_tokens']} of {timings['prompt_tokens']} prompt tokens reused · "
        f"first word after {timings['first_token_s']:.1f} s · "
        f"{timings['tokens_per_s']:.0f} tokens/s"
    )


def _place(source: Document) -> str:
    label = source.metadata.get("label")
    return f"{source.metadata.get('source')}" + (f", page {label}" if label else "")


def _plain(result: dict[str, Any]) -> dict[str, Any]:
    sources = [
        {"page_content": source.page_content, "metadata": source.metadata}
        for source in result["sources"]
    ]
    return {**result, "sources": sources}
