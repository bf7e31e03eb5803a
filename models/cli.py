"""The commands of `python models`: `list` and `settings`."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from models.errors import KvasirError
from models.settings import PREFIX, Settings, get_settings, settings_table
from models.weights import BUNDLED, find_weights, is_on_hub, is_provider


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0, or 2 for unusable arguments or settings."""
    parser = argparse.ArgumentParser(prog="python models", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the chat models at hand; * marks the one in use")
    settings = commands.add_parser("settings", help="every setting and its value now")
    settings.add_argument("--markdown", action="store_true", help="the table of docs/settings.md")
    options = parser.parse_args(arguments)
    try:
        if options.command == "list":
            for line in _models():  # one by one: those at hand are shown before the missing one
                print(line)
        elif options.markdown:
            print(settings_table(), end="")
        else:
            print("\n".join(_values(get_settings())))
    except KvasirError as error:
        print(f"kvasir: {error}", file=sys.stderr)
        return 2
    return 0


def _models() -> Iterator[str]:
    chosen = get_settings().model
    for name in {**dict.fromkeys(BUNDLED), chosen: None}:
        mark = "*" if name == chosen else " "
        if is_provider(name):
            yield f"{mark} {name}  (through LangChain's init_chat_model)"
            continue
        if is_on_hub(name):
            yield f"{mark} {name}  (from the hub, fetched at first use)"
            continue
        path = find_weights(name)
        kind = "bundled" if name in BUNDLED else "file"
        yield f"{mark} {name}  {_megabytes(path)}  {kind}  {path}"


def _megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.0f} MB"


def _values(settings: Settings) -> list[str]:
    width = max(len(name) for name in Settings.model_fields)
    return [
        f"{PREFIX + name.upper():{width + len(PREFIX)}}  {getattr(settings, name)}"
        for name in Settings.model_fields
    ]
