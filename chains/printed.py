"""An answer as lines of a terminal: the evidence first, the words as they come, then the sources.

What documents and models say moves no cursor and colours nothing: control characters are replaced.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.documents import Document
from langchain_core.messages.content import Citation
from langchain_core.runnables.utils import AddableDict


def show(parts: Iterator[AddableDict], result: AddableDict) -> AddableDict:
    """Print the parts of an answer as they come; gives all of them, added to `result`."""
    for part in parts:
        for key, value in (result + part).items():
            result[key] = value
        if "sources" in part and "citations" not in part:
            _print_evidence(part["sources"])
        print(plain(part.get("answer", ""), lines=True), end="", flush=True)
    _print_sources(result)
    return result


def plain(text: str, *, lines: bool = False) -> str:
    """The text without what a terminal would obey; its line breaks stay only where asked for."""
    kept = "\n\t" if lines else ""
    return "".join(c if c.isprintable() or c in kept else "�" for c in text)


def place_of(source: Document) -> str:
    """Where a passage stands: its file and page."""
    label = source.metadata.get("label")
    return plain(f"{source.metadata.get('source')}" + (f", page {label}" if label else ""))


def _print_evidence(sources: Sequence[Document]) -> None:
    for number, source in enumerate(sources, 1):
        for start, end in source.metadata["highlights"]:
            print(f"[{number}] “{plain(' '.join(source.page_content[start:end].split()))}”")
    print(flush=True)


def _print_sources(result: dict[str, Any]) -> None:
    citations: list[Citation] = result["citations"]
    cited = {citation.get("extras", {}).get("passage") for citation in citations}
    print("\n")
    for number, source in enumerate(result["sources"], 1):
        mark = "cited" if number - 1 in cited else "read"
        print(f"[{number}] {place_of(source)}  ({mark})")
    timings = result["timings"]
    if "route" in result and not timings["prompt_tokens"]:
        return  # computed or quoted, as the answer says itself
    print(
        f"{result['grounded']:.0%} of the answer's sentences stand in the passages · "
        f"{timings['reused_tokens']} of {timings['prompt_tokens']} prompt tokens reused · "
        f"first word after {timings['first_token_s']:.1f} s · "
        f"{timings['tokens_per_s']:.0f} tokens/s"
    )
