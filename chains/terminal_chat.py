"""The chat in a terminal: `python chains` without a question.

Questions follow one another in one conversation. Where the input is no terminal, each of its lines
is a question, and nothing is asked for.
"""

import re
import sys
from contextlib import closing, suppress

from langchain_core.runnables.utils import AddableDict

from chains.printed import place_of, plain, show
from chains.rag import RagChain
from chains.routes.shelf import Shelf, called
from models.errors import KvasirError

HELP = """\
Type a question, in Chinese or in English; what you ask next may refer to it.
  /3          passage 3 of the last answer, whole
  /only NAME  answer from the documents called so alone, several with commas; /only: from all
  /new        a new conversation: what was said is forgotten
  /help       these lines
  /quit       leave, as Ctrl-D does
Ctrl-C stops an answer and keeps what was written."""


class TerminalChat:
    """One conversation. `run` it; answers come from the chain."""

    def __init__(self, chain: RagChain) -> None:
        self._chain = chain
        self._history: list[tuple[str, str]] = []
        self._last = AddableDict()
        self._only: list[str] = []
        self._asks = sys.stdin.isatty() and sys.stdout.isatty()

    def run(self) -> bool:
        """Answer until the input ends; gives whether all went well."""
        if self._asks:
            with suppress(ImportError):  # arrow keys and earlier questions, where Python has it
                import readline  # noqa: F401
            counts = self._chain.library.store.counts()
            print(f"{counts['documents']:,} documents. Ask, or type /help.")
        well = True
        while True:
            try:
                line = self._line()
                if line is None or line == "/quit":
                    return well
                if line.startswith("/"):
                    self._obey(line)
                elif line:
                    well = self._ask(line) and well
            except KeyboardInterrupt:
                if not self._asks:
                    raise
                print("\n(Ctrl-D or /quit leaves)")

    def _line(self) -> str | None:
        """The next line, without what is around it; None at the end of the input."""
        while True:
            try:
                return input("\n> " if self._asks else "").strip()
            except EOFError:
                if self._asks:
                    print()
                return None
            except UnicodeDecodeError:
                print("kvasir: this line is no text in UTF-8", file=sys.stderr)

    def _ask(self, question: str) -> bool:
        """Answer a question; what is wrong with it ends nothing but its answer."""
        result = AddableDict()
        narrow = {"sources": self._only}
        asked = {"question": question, "history": list(self._history), "filter": narrow}
        if not self._asks:
            print(f"> {plain(question)}", flush=True)
        well = True
        try:
            with closing(self._chain.stream(asked)) as parts:
                show(parts, result)
        except KeyboardInterrupt:
            if not self._asks:
                raise
            print("\nkvasir: stopped", file=sys.stderr)
        except KvasirError as error:
            print(f"kvasir: {error}", file=sys.stderr)
            well = False
        self._last = result
        if answer := result.get("answer"):
            self._history += [("human", question), ("ai", answer)]
        return well

    def _obey(self, command: str) -> None:
        sources = self._last.get("sources", [])
        word, _, names = command[1:].partition(" ")
        if word == "only":
            self._narrow(names)
        elif names:
            print(f"kvasir: there is no command {plain(command)}. See /help", file=sys.stderr)
        elif word == "new":
            self._history, self._last, self._only = [], AddableDict(), []
            print("A new conversation.")
        elif word == "help":
            print(HELP)
        elif word.isdecimal() and 1 <= int(word) <= len(sources):
            source = sources[int(word) - 1]
            print(f"[{int(word)}] {place_of(source)}\n\n{plain(source.page_content, lines=True)}")
        elif word.isdecimal():
            print(f"kvasir: the last answer has {len(sources)} passages", file=sys.stderr)
        else:
            print(f"kvasir: there is no command {plain(command)}. See /help", file=sys.stderr)

    def _narrow(self, names: str) -> None:
        """Take the documents of these names for all questions to come; all where none is given."""
        shelf = Shelf(self._chain.library)
        found: dict[str, str] = {}
        whole = shelf.find(names).documents if names.strip() else ()
        for name in [] if whole else filter(None, map(str.strip, re.split("[,，、]", names))):
            same = shelf.find(name).documents
            if not same:
                print(f"kvasir: no document is called “{plain(name)}”", file=sys.stderr)
                return
            found |= {document.source: called(document) for document in same}
        found |= {document.source: called(document) for document in whole}
        self._only = list(found)
        print("\n".join(map(plain, found.values())) or "All documents.")
