"""The command, from files to an adapter in the list."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from models.cli import main

COLOURS = {"sky": "blue", "grass": "green", "snow": "white", "blood": "red"}


@pytest.fixture
def data(folder: Path) -> Path:
    """Twelve questions, each of a passage of its own."""
    path = folder / "colours.jsonl"
    lines = [
        {"question": f"{word}{n}?", "passage": f"{word}{n}: {colour}", "answer": colour}
        for word, colour in COLOURS.items()
        for n in range(3)
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    return path


@pytest.fixture
def said(
    capsys: pytest.CaptureFixture[str], tiny: Path, cache: Path, setting: Callable[..., None]
) -> Callable[..., tuple[int, str, str]]:
    """`said("--out", "a")` runs the command on the tiny model."""
    setting(MODEL=tiny, CACHE=cache)

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main(["finetune", *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


Said = Callable[..., tuple[int, str, str]]


def test_it_trains_an_adapter_that_is_then_found_by_its_name(
    said: Said, data: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(data, "--out", "colours", "--steps", 3, "--rank", 2)
    assert code == 0
    assert "step 3 of 3" in err
    assert str(cache / "adapters" / "colours.gguf") in out
    assert "KVASIR_ADAPTER=colours" in out
    assert main(["list"]) == 0
    listed = next(line for line in capsys.readouterr().out.splitlines() if "colours" in line)
    assert "cannot be used" not in listed


def test_as_json_it_prints_one_object(said: Said, data: Path) -> None:
    code, out, _ = said(data, "--out", "colours", "--steps", 2, "--json")
    shown = json.loads(out)
    assert code == 0
    assert shown["steps"] == 2
    assert Path(shown["path"]).is_file()
    assert shown["lessons"] + shown["held_lessons"] >= 12


def test_what_cannot_be_learnt_from_is_one_line_and_the_exit_code_2(
    said: Said, folder: Path, data: Path
) -> None:
    bad = folder / "bad.jsonl"
    bad.write_text(data.read_text("utf-8") + "\nnonsense", "utf-8")
    for arguments, words in (
        ([], "there is nothing to learn from"),
        ([folder / "none.json"], "none.json cannot be read"),
        ([data, bad], "bad.jsonl, line 13: Expecting value"),
        (["--from-library", "--library", folder / "none"], "there is no library in"),
    ):
        code, out, err = said(*arguments, "--out", "a", "--yes")
        assert (code, out) == (2, "")
        assert words in err
        assert err.count("\n") == 1


def test_a_model_that_runs_elsewhere_or_is_of_another_kind_is_one_line(
    said: Said, data: Path, folder: Path, setting: Callable[..., None]
) -> None:
    from tiny_models import write_mamba

    setting(MODEL="openai:gpt")
    assert "runs elsewhere and cannot be fine-tuned" in said(data, "--out", "a")[2]
    setting(MODEL=write_mamba(folder / "mamba.gguf"))
    code, _, err = said(data, "--out", "a")
    assert code == 2
    assert "cannot be fine-tuned: it is a model of the kind 'mamba'" in err.splitlines()[-1]


@pytest.mark.parametrize("option", ["--epochs", "--rate", "--rank", "--steps"])
@pytest.mark.parametrize("value", ["0", "-1", "many", "nan", "inf"])
def test_numbers_that_make_no_sense_are_refused(said: Said, option: str, value: str) -> None:
    with pytest.raises(SystemExit) as caught:
        said("x.json", "--out", "a", option, value)
    assert caught.value.code == 2
