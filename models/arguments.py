"""The command line of `python models`: its commands and what each takes."""

import argparse
from pathlib import Path

MOST = 1 << 30


def parser() -> argparse.ArgumentParser:
    """Puts the command's name into `command`; every command takes `json`."""
    whole = argparse.ArgumentParser(
        prog="python models",
        description="The models at hand, what they are, and how they run on this machine.",
        epilog="Exit codes: 0 all well, 1 the doctor found something wrong, 2 unusable arguments, "
        "settings or model, 130 interrupted.",
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add(commands, "list", "the models and adapters at hand; * marks the one in use")
    settings = _add(commands, "settings", "every setting and its value now")
    settings.add_argument("--markdown", action="store_true", help="the table of docs/settings.md")
    _add_model(_add(commands, "inspect", "what a model's file says of it"))
    plan = _add(commands, "plan", "what of a model fits into this machine's memory")
    _add_model(plan)
    plan.add_argument("--context", type=_count, metavar="N", help="tokens of each conversation")
    plan.add_argument("--conversations", type=_count, default=1, metavar="N", help="at a time")
    plan.add_argument("--kv", metavar="TYPE", help="the KV cache: f16, q8_0, q4_0, bf16 or f32")
    quantize = _add(commands, "quantize", "write a model in another quantization")
    quantize.add_argument("model", metavar="MODEL", help="a name or a file")
    quantize.add_argument("type", metavar="TYPE", help="Q4_0, Q8_0, Q4_K_M, ...")
    quantize.add_argument("--out", type=Path, metavar="FILE", help="default: in the cache folder")
    quantize.add_argument("--force", action="store_true", help="overwrite the file")
    tune = _add(commands, "tune", "measure what is fastest on this machine, and keep to it")
    _add_model(tune)
    tune.add_argument("--quick", action="store_true", help="fewer measurements")
    _add_finetune(_add(commands, "finetune", "teach the model in use to answer, as an adapter"))
    _add(commands, "doctor", "what does not work here, and its remedy")
    return whole


def _add_finetune(command: argparse.ArgumentParser) -> None:
    say = command.add_argument
    say(
        "data",
        nargs="*",
        type=Path,
        metavar="DATA",
        help="questions with passages and answers: JSON in SQuAD's layout, or .jsonl, a line as "
        '{"question": "…", "passage": "…", "answer": "…"}',
    )
    say("--out", required=True, metavar="NAME", help="what to call it: KVASIR_ADAPTER=NAME uses it")
    say(
        "--method",
        choices=["lora", "qlora", "prompt", "prefix"],
        default="lora",
        help="matrices beside the layers (lora; qlora: the model in 4 bits meanwhile), or what "
        "stands before every prompt (prompt: embeddings; prefix: keys and values); default: lora",
    )
    say("--from-library", action="store_true", help="learn from questions drafted of the library")
    say("--library", metavar="DIR", type=Path, help="the library's folder")
    say("--questions", type=_count, default=200, metavar="N", help="of the library; default: 200")
    say("--yes", action="store_true", help="keep all that are drafted, without asking")
    say("--epochs", type=_positive, metavar="N", help="rounds over the lessons; default: 2")
    say("--steps", type=_count, metavar="N", help="end after so many, whatever the rounds")
    say(
        "--rank",
        type=_count,
        metavar="N",
        help="the adapter's rank; default: 16, or that of the adapter in use",
    )
    say("--tokens", type=_count, metavar="N", help="of a learnt prompt or prefix; default: 32")
    say("--rate", type=_positive, metavar="X", help="the learning rate; default: the method's")
    say("--seed", type=int, default=0, metavar="N", help="of all that is chance; default: 0")
    say("--less-memory", action="store_true", help="compute twice what would be remembered")
    say("--afresh", action="store_true", help="begin with nothing, not with the adapter in use")
    say("--restart", action="store_true", help="begin anew where a training was stopped")


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, what: str
) -> argparse.ArgumentParser:
    added = commands.add_parser(name, help=what, description=what)
    added.add_argument("--json", action="store_true", help="print one JSON object")
    return added


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "model", nargs="?", metavar="MODEL", help="a name or a file; default: the one in use"
    )


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no number") from error
    if not 0 < number < MOST:
        raise argparse.ArgumentTypeError(f"{text} is no number above 0")
    return number


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"{text} is no number from 1 to {MOST:,}")
    return int(text)
