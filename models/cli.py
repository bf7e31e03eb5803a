"""The commands of `python models`: the models at hand, what they are, and how they run here.

Exit codes: 0 all well, 1 the doctor found something, 2 unusable arguments, settings or model,
130 interrupted.
"""

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.arguments import parser
from models.errors import KvasirError, ModelError
from models.settings import PREFIX, Settings, get_settings, settings_table
from models.weights import SUFFIX, find_weights, is_provider

if TYPE_CHECKING:
    from models.listing import Entry

ALL_WELL, FOUND, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
UNREAD = 141  # as a shell reports a program whose output nobody reads any more
WITHOUT_FILE = {
    "provider": "(through LangChain's init_chat_model)",
    "hub": "(from the hub, fetched at first use)",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    options = parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a path need not be text
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = _run(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # `| head` has read enough: the interpreter must not flush once more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD


def _run(options: argparse.Namespace) -> int:
    commands: dict[str, Callable[[argparse.Namespace], int]] = {
        "list": _list,
        "settings": _settings,
        "inspect": _inspect,
        "plan": _plan,
        "quantize": _quantize,
        "tune": _tune,
        "doctor": _doctor,
        "finetune": _finetune,
    }
    try:
        return commands[options.command](options)
    except KvasirError as error:
        if options.json:
            _print_json({"error": str(error)})
        print(f"kvasir: {error}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        print("\nkvasir: interrupted", file=sys.stderr)
        return INTERRUPTED


# ---- list, settings


def _list(options: argparse.Namespace) -> int:
    from models.listing import models_at_hand

    if options.json:
        _print_json({"models": [entry.as_json() for entry in models_at_hand()]})
        return ALL_WELL
    for entry in models_at_hand():  # one by one: those at hand are shown before the missing one
        print(_line(entry))
    return ALL_WELL


def _line(entry: "Entry") -> str:
    start = f"{'*' if entry.in_use else ' '} {entry.name}"
    if entry.problem:
        return f"{start}  cannot be used: {entry.problem}"
    if entry.bytes is None:
        return f"{start}  {WITHOUT_FILE.get(entry.kind, entry.kind)}"
    end = f"  (runs in place of {entry.runs_for})" if entry.runs_for else ""
    return f"{start}  {_megabytes(entry.bytes)}  {entry.kind}  {entry.path}{end}"


def _settings(options: argparse.Namespace) -> int:
    if options.markdown:
        print(settings_table(), end="")
        return ALL_WELL
    settings = get_settings()
    if options.json:
        _print_json(settings.model_dump(mode="json"))
        return ALL_WELL
    values = {PREFIX + name.upper(): getattr(settings, name) for name in Settings.model_fields}
    width = max(map(len, values))
    for name, value in values.items():
        print(f"{name:{width}}  {value}")
    return ALL_WELL


# ---- inspect, plan


def _inspect(options: argparse.Namespace) -> int:
    from models.card import read_card
    from models.card_text import card_lines

    card = read_card(_weights(options.model))
    if options.json:
        _print_json(card.as_json())
    else:
        print("\n".join(card_lines(card)))
    return ALL_WELL


def _plan(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from models.card import read_card
    from models.machine import this_machine
    from models.plan import KV_TYPES, Work, kv_bytes_per_token, plan, suits
    from models.plan_text import plan_lines, what_fits

    settings = get_settings()
    work = Work(
        conversations=options.conversations,
        batch=settings.batch or Work.batch,
        flash_attention=settings.flash_attention is not False,
    )
    card, machine = read_card(_weights(options.model)), this_machine()
    chosen = plan(
        card,
        machine,
        context=options.context,
        at_most=settings.context,
        kv_type=options.kv,
        work=work,
    )
    fitting = what_fits(card, machine, work)
    if options.json:
        _print_json(
            {
                "model": card.name,
                "machine": asdict(machine),
                "kv_bytes_per_token": {
                    kind: kv_bytes_per_token(card, kind) for kind in KV_TYPES if suits(card, kind)
                },
                "plan": chosen.as_json(),
                "what_fits": [each.as_json() for each in fitting],
            }
        )
    else:
        print("\n".join(plan_lines(card, machine, chosen, fitting)))
    return ALL_WELL


# ---- quantize, tune, doctor


def _quantize(options: argparse.Namespace) -> int:
    from models.listing import quantized_folder
    from models.quantize import quantize

    source, kind = _weights(options.model), options.type.upper()
    target = options.out or quantized_folder() / f"{source.stem}-{kind}{SUFFIX}"
    if os.path.exists(target) and not options.force:
        raise ModelError(f"{target} exists already. To overwrite it, add: --force")
    with _progress_bar("tensors") as show:
        quantize(source, target, kind, lambda done, total: show("", done, total))
    sizes = {"source_bytes": source.stat().st_size, "bytes": target.stat().st_size}
    if options.json:
        _print_json({"source": str(source), "target": str(target), "type": kind, **sizes})
    else:
        print(f"{target}  {_megabytes(sizes['bytes'])}, from {_megabytes(sizes['source_bytes'])}")
    return ALL_WELL


def _tune(options: argparse.Namespace) -> int:
    from models.tune import tune

    name = options.model or get_settings().model
    with _progress_bar("steps") as show:
        report = tune(name, quick=options.quick, on_step=show)
    if options.json:
        _print_json(report.as_json())
    else:
        print(report.table())
    return ALL_WELL


def _doctor(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from models.doctor import examine

    findings = examine()
    failed = any(finding.ok is False for finding in findings)
    if options.json:
        _print_json({"ok": not failed, "findings": [asdict(finding) for finding in findings]})
        return FOUND if failed else ALL_WELL
    width = max((len(finding.topic) for finding in findings), default=0)
    marks = {True: "ok", False: "!!", None: "--"}
    for finding in findings:
        print(f"{marks[finding.ok]}  {finding.topic:{width}}  {finding.fact}")
        if finding.remedy:
            print(f"{'':{width + 6}}{finding.remedy}")
    return FOUND if failed else ALL_WELL


# ---- finetune


def _finetune(options: argparse.Namespace) -> int:
    if not options.data and not options.from_library:
        raise ModelError("there is nothing to learn from: name files, or add --from-library")
    # By name, at run time: lessons are prompts, which chains knows, and models imports no chains.
    code: int = import_module("chains.lessons.cli").main(options)
    return code


# ---- what several need


def _weights(name: str | None) -> Path:
    """The file of a model, by default of the one in use. Raises ModelError if it has none here."""
    name = name or get_settings().model
    if is_provider(name):
        raise ModelError(f"{name} runs elsewhere and has no file here. Name a GGUF file.")
    return find_weights(name)


@contextmanager
def _progress_bar(unit: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on standard error, where that is a terminal: `show(what, done, total)`."""
    from tqdm import tqdm

    with tqdm(unit=f" {unit}", dynamic_ncols=True, leave=False, disable=None) as bar:

        def show(what: str, done: int, total: int) -> None:
            bar.total, bar.n = total, done
            bar.set_description_str(what, refresh=True)

        yield show


def _print_json(shown: dict[str, Any]) -> None:
    print(json.dumps(shown, ensure_ascii=False, indent=1))


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
