import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from models.bundled import CHAT_MODEL, bundled_chat_model
from models.cli import main
from models.settings import PREFIX, Settings, settings_table

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)


def test_it_runs_as_a_folder_and_as_a_module_and_from_elsewhere(folder: Path) -> None:
    runs = [
        run("models", "list", cwd=ROOT),
        run("-m", "models", "list", cwd=ROOT),
        run(str(ROOT / "models"), "list", cwd=folder),
    ]
    for done in runs:
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"* {CHAT_MODEL}  98 MB  bundled  {bundled_chat_model()}\n"


def test_a_missing_model_is_one_line_and_the_exit_code_2(
    folder: Path, setting: Callable[..., None]
) -> None:
    setting(MODEL="/nowhere/model.gguf")
    done = run(str(ROOT / "models"), "list", cwd=folder)
    assert done.returncode == 2
    assert done.stderr.startswith("kvasir: there is no model /nowhere/model.gguf: ")
    assert done.stderr.count("\n") == 1
    assert done.stdout.startswith(f"  {CHAT_MODEL}  98 MB")


def test_an_unusable_setting_is_one_line_and_the_exit_code_2(
    folder: Path, setting: Callable[..., None]
) -> None:
    setting(CONTEXT="much")
    for command in ("list", "settings"):
        done = run(str(ROOT / "models"), command, cwd=folder)
        assert done.returncode == 2
        assert done.stderr.startswith("kvasir: the setting KVASIR_CONTEXT = 'much' cannot be used")
        assert done.stderr.count("\n") == 1
        assert done.stdout == ""


def test_the_command_that_the_errors_name_works_with_an_unusable_setting(
    setting: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    setting(CONTEXT="much")
    assert main(["settings", "--markdown"]) == 0
    assert capsys.readouterr().out == settings_table()


def test_settings_lists_every_variable_and_its_value_now(
    setting: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    setting(PASSAGES=7)
    assert main(["settings"]) == 0
    shown = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert shown["KVASIR_PASSAGES"] == "7"
    assert list(shown) == [PREFIX + name.upper() for name in Settings.model_fields]


def test_the_model_in_use_is_marked(
    folder: Path, setting: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "mine.gguf").write_bytes(bytes(2_000_000))
    setting(MODEL="mine.gguf")
    assert main(["list"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"  {CHAT_MODEL}")
    assert second == "* mine.gguf  2 MB  file  mine.gguf"


def test_a_providers_model_is_listed_without_a_file(
    setting: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    setting(MODEL="openai:gpt-x")
    assert main(["list"]) == 0
    assert "* openai:gpt-x  (through LangChain's init_chat_model)" in capsys.readouterr().out


def test_a_model_on_the_hub_is_listed_without_fetching_it(
    setting: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    setting(MODEL="nobody/nothing:model.gguf")
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    assert "* nobody/nothing:model.gguf  (from the hub, fetched at first use)" in shown


@pytest.mark.parametrize("arguments", [[], ["what"], ["list", "--all"]])
def test_unusable_arguments_have_the_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: python models" in capsys.readouterr().err
