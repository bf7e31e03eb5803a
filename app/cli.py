"""`python app`: opens the library, puts the samples into a new one, and starts the chat.

Exit codes: 0 ended, 2 unusable arguments, library, model or port, 130 interrupted before it began.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import KvasirError
from models.settings import PREFIX, get_settings

if TYPE_CHECKING:
    from ingest import Library

ENDED, UNUSABLE, INTERRUPTED = 0, 2, 130
PORT = 8501


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the chat and stay until it is ended; gives the exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.library:
            folder = str(Path(options.library).expanduser().resolve())
            os.environ[f"{PREFIX}LIBRARY"] = folder  # the pages read the settings
            get_settings.cache_clear()
        return _start(options.port)
    except KvasirError as error:
        print(f"kvasir: {error}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        print("kvasir: interrupted", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python app",
        description="The chat in the browser, on this machine alone.",
        epilog="Exit codes: 0 ended, 2 unusable arguments, library, model or port.",
    )
    parser.add_argument("--library", metavar="DIR", help="the library's folder")
    parser.add_argument("--port", metavar="N", type=_port, default=PORT, help=f"default {PORT}")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number from 1 to 65535")
    return int(text)


def _start(port: int) -> int:
    from app.server import check_port, serve

    check_port(port)
    _say(f"model    {_model()}")
    _open_library()
    _say(f"chat     http://localhost:{port}   (Ctrl-C ends it)")
    serve(port)
    _say("ended")
    return ENDED


def _model() -> str:
    """The chat model's name, once it and the embedder are known to be there."""
    from models.chat_model import chat_model
    from models.embeddings import find_embedder

    settings = get_settings()
    chat_model()
    find_embedder(settings.embedder)
    return f"{settings.model}, embedder {settings.embedder}"


def _open_library() -> None:
    """Open the library, or create it with the samples in it."""
    from ingest.library import Library, library_folder

    folder = library_folder(None)
    new = not (folder / "library.db").exists()
    with Library(folder) as library:
        if new:
            _say(f"library  {folder} (new)")
            _add_samples(library)
        else:
            _say(f"library  {folder}")
        counts = library.store.counts()
        _say(f"         {counts['documents']} documents, {counts['chunks']} passages")


def _add_samples(library: Library) -> None:
    from app.sample_set import FOLDER
    from ingest import sync
    from ingest.progress_bar import progress_bar

    _say("samples  adding the sample documents, once")
    with progress_bar(shown=True) as progress:
        report = sync(library, [FOLDER], progress=progress)
    for failure in report.failed:
        _say(f"failed   {failure.source}: {failure.reason}")


def _say(line: str) -> None:
    print(line, flush=True)
