import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from types import ModuleType
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import tiny_gguf

from models import cli
from models.bundled import BUNDLED_ADAPTER, CHAT_MODEL, bundled_adapter, bundled_chat_model
from models.card import read_card
from models.cli import main
from models.settings import PREFIX, Settings, settings_table

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ["list", "settings", "inspect", "plan", "quantize", "tune", "finetune", "doctor"]


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)


@pytest.fixture(autouse=True)
def cache(folder: Path, setting: Callable[..., None]) -> Path:
    """The cache's folder: empty, whatever was quantized on this machine."""
    setting(CACHE=folder / "cache")
    return folder / "cache"


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """`said("plan", "--json")` gives the exit code, standard output and standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


Said = Callable[..., tuple[int, str, str]]


# ---- the program


def test_it_runs_as_a_folder_and_as_a_module_and_from_elsewhere(folder: Path) -> None:
    runs = [
        run("models", "list", cwd=ROOT),
        run("-m", "models", "list", cwd=ROOT),
        run(str(ROOT / "models"), "list", cwd=folder),
    ]
    for done in runs:
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines() == [
            f"* {CHAT_MODEL}  98 MB  bundled  {bundled_chat_model()}",
            f"* {BUNDLED_ADAPTER}  10 MB  adapter  {bundled_adapter()}",
        ]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["what"],
        ["list", "--all"],
        ["plan", "--context", "many"],
        ["plan", "--context", "0"],
        ["plan", "--conversations", "-1"],
        ["quantize", CHAT_MODEL],
    ],
)
def test_unusable_arguments_have_the_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: python models" in capsys.readouterr().err


def test_every_command_takes_json_and_says_what_it_is_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for command in COMMANDS:
        with pytest.raises(SystemExit) as caught:
            main([command, "--help"])
        assert caught.value.code == 0
        assert "--json" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["list", "inspect", "plan", "quantize", "tune"])
def test_a_missing_model_is_one_line_and_the_exit_code_2(
    said: Said, setting: Callable[..., None], command: str
) -> None:
    setting(MODEL="/nowhere/model.gguf")
    rest = ["/nowhere/model.gguf", "Q4_0"] if command == "quantize" else []
    code, out, err = said(command, *rest)
    assert code == 2
    assert err.startswith("kvasir: there is no model ")
    assert "/nowhere/model.gguf" in err
    assert err.count("\n") == 1
    assert bool(out) == (command == "list")
    code, out, again = said(command, *rest, "--json")
    assert (code, again) == (2, err)
    assert f"kvasir: {json.loads(out)['error']}\n" == err


@pytest.mark.parametrize("command", ["inspect", "plan", "quantize"])
@pytest.mark.parametrize("content", [b"", b"hello, this is text", b"GGUF", b"GGUF" + b"\xff" * 99])
def test_a_file_that_is_no_model_is_one_line(
    said: Said, folder: Path, command: str, content: bytes
) -> None:
    path = folder / "text.gguf"
    path.write_bytes(content)
    code, out, err = said(command, path, *(["Q4_0"] if command == "quantize" else []))
    assert (code, out) == (2, "")
    assert err.startswith(f"kvasir: {path} is ")
    assert err.count("\n") == 1


def test_a_model_cut_off_in_the_middle_is_one_line(said: Said, folder: Path) -> None:
    path = folder / "cut.gguf"
    with bundled_chat_model().open("rb") as file:
        path.write_bytes(file.read(50_000_000))
    for command in (["inspect", path], ["plan", path], ["quantize", path, "Q4_0"]):
        code, out, err = said(*command)
        assert (code, out) == (2, "")
        assert "it ends after 50,000,000 bytes" in err
        assert err.count("\n") == 1


def test_a_model_elsewhere_has_no_file_to_inspect(said: Said) -> None:
    code, out, err = said("inspect", "openai:gpt-x")
    assert (code, out) == (2, "")
    assert err == "kvasir: openai:gpt-x runs elsewhere and has no file here. Name a GGUF file.\n"


def test_ctrl_c_is_one_line_and_the_exit_code_130(
    said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_inspect", interrupted)
    assert said("inspect") == (130, "", "\nkvasir: interrupted\n")


@pytest.mark.parametrize("arguments", [["settings"], ["inspect", "/nowhere/m.gguf", "--json"]])
def test_a_reader_that_has_read_enough_ends_it_quietly(folder: Path, arguments: list[str]) -> None:
    command = [sys.executable, str(ROOT / "models"), *arguments]
    with subprocess.Popen(command, cwd=folder, stdout=PIPE, stderr=PIPE) as process:
        assert process.stdout
        process.stdout.close()
        assert process.wait(120) == 141
        assert process.stderr
        assert b"Traceback" not in process.stderr.read()


@pytest.mark.skipif(sys.platform == "darwin", reason="file names are text there")
def test_a_path_that_is_no_text_is_shown_all_the_same(folder: Path) -> None:
    path = os.fsencode(folder) + b"/\xff.gguf"
    tiny_gguf.write_gguf(Path(os.fsdecode(path)))
    for json_or_not in ([], ["--json"]):
        done = subprocess.run(
            [sys.executable, ROOT / "models", "inspect", path, *json_or_not],
            capture_output=True,
            timeout=120,
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"\\udcff.gguf" in done.stdout


# ---- list, settings


def test_models_at_hand_are_shown_before_the_missing_one(
    said: Said, setting: Callable[..., None]
) -> None:
    setting(MODEL="/nowhere/model.gguf")
    assert said("list")[1].startswith(f"  {CHAT_MODEL}  98 MB")


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
    said: Said, setting: Callable[..., None]
) -> None:
    setting(CONTEXT="much")
    assert said("settings", "--markdown") == (0, settings_table(), "")


def test_settings_lists_every_variable_and_its_value_now(
    said: Said, setting: Callable[..., None]
) -> None:
    setting(CONTEXT=777)
    rows = [line.partition(" ") for line in said("settings")[1].splitlines()]
    shown = {name: value.strip() for name, _, value in rows}
    assert shown["KVASIR_CONTEXT"] == "777"
    assert list(shown) == [PREFIX + name.upper() for name in Settings.model_fields]
    as_json = json.loads(said("settings", "--json")[1])
    assert as_json["context"] == 777
    assert list(as_json) == list(Settings.model_fields)


def test_the_model_in_use_is_marked(said: Said, folder: Path, setting: Callable[..., None]) -> None:
    (folder / "mine.gguf").write_bytes(bytes(2_000_000))
    setting(MODEL="mine.gguf")
    first, second = said("list")[1].splitlines()
    assert first.startswith(f"  {CHAT_MODEL}")
    assert second == "* mine.gguf  2 MB  file  mine.gguf"


def test_what_the_cache_holds_is_listed(said: Said, cache: Path) -> None:
    for name, changes in (("quantized", {}), ("adapters", {"general.type": "adapter"})):
        (cache / name).mkdir(parents=True)
        tiny_gguf.write_gguf(cache / name / f"one-of-{name}.gguf", changes)
    (cache / "quantized" / "text.gguf").write_text("hello")
    code, out, _ = said("list")
    assert code == 0
    assert out.splitlines()[1:] == [
        f"  one-of-quantized  0 MB  quantized  {cache / 'quantized' / 'one-of-quantized.gguf'}",
        f"  text  cannot be used: {cache / 'quantized' / 'text.gguf'} is no GGUF file: "
        "it starts with b'hell'",
        f"* {BUNDLED_ADAPTER}  10 MB  adapter  {bundled_adapter()}",
        f"  one-of-adapters  0 MB  adapter  {cache / 'adapters' / 'one-of-adapters.gguf'}",
    ]
    models = json.loads(said("list", "--json")[1])["models"]
    assert [(each["name"], each["kind"], each["in_use"]) for each in models] == [
        (CHAT_MODEL, "bundled", True),
        ("one-of-quantized", "quantized", False),
        ("text", "quantized", False),
        (BUNDLED_ADAPTER, "adapter", True),
        ("one-of-adapters", "adapter", False),
    ]


def test_a_providers_model_is_listed_without_a_file(
    said: Said, setting: Callable[..., None]
) -> None:
    setting(MODEL="openai:gpt-x")
    assert "* openai:gpt-x  (through LangChain's init_chat_model)" in said("list")[1]


def test_a_model_on_the_hub_is_listed_without_fetching_it(
    said: Said, setting: Callable[..., None]
) -> None:
    setting(MODEL="nobody/nothing:model.gguf")
    shown = said("list")[1]
    assert "* nobody/nothing:model.gguf  (from the hub, fetched at first use)" in shown


# ---- inspect, plan


def test_inspect_shows_the_card_of_the_model_in_use(said: Said) -> None:
    code, out, err = said("inspect")
    assert (code, err) == (0, "")
    assert said("inspect", CHAT_MODEL)[1] == out
    shown = {line[:15].strip(): line[15:] for line in out.splitlines() if line[0] != " "}
    assert shown["attention"] == "GQA, 9 heads over 3 KV heads, 64 long"
    assert shown["RoPE"] == "base 100,000, scaling none"
    assert shown["KV cache"] == "22.5 KiB per token in f16"
    assert shown["normalization"] == "RMSNorm, epsilon 1e-05"
    assert shown["feed-forward"] == "1,536 wide, activation SwiGLU"
    assert shown["licence"] == "apache-2.0"
    assert "Q4_1  210 tensors  106.2 million  63.3 MiB" in out


def test_inspect_gives_the_whole_card_as_json(said: Said) -> None:
    shown = json.loads(said("inspect", "--json")[1])
    assert shown == json.loads(json.dumps(read_card(bundled_chat_model()).as_json()))
    assert shown["attention"]["kv_heads"] == [3] * 30


def test_plan_says_what_fits_and_how_to_set_it(said: Said) -> None:
    code, out, err = said("plan")
    assert (code, err) == (0, "")
    assert "30 layers × 3 KV heads × (64 + 64) × 2 bytes" in out
    assert "8,192   360 MiB   180 MiB   180 MiB  95.6 MiB  50.6 MiB" in out
    # The context that the tests' settings allow at most.
    assert "KVASIR_CONTEXT=2048 KVASIR_KV_TYPE=f16 KVASIR_GPU_LAYERS=" in out


def test_plan_keeps_what_is_asked_for(said: Said) -> None:
    asked = ("--context", 4096, "--conversations", 3, "--kv", "q8_0")
    shown = json.loads(said("plan", "--json", *asked)[1])
    assert shown["kv_bytes_per_token"]["f16"] == 23040
    chosen = shown["plan"]
    assert (chosen["context"], chosen["conversations"], chosen["kv_type"]) == (4096, 3, "q8_0")
    assert chosen["kv_bytes"] == 12240 * 4096 * 3
    assert "4,096 tokens of context for each of 3 in q8_0" in said("plan", *asked)[1]


def test_plan_says_what_does_not_fit(said: Said) -> None:
    code, out, _ = said("plan", "--context", 100_000)
    assert code == 0
    assert "does not fit  the model was trained for 8,192 tokens, not for 100,000" in out
    assert not json.loads(said("plan", "--json", "--context", 1 << 29)[1])["plan"]["fits"]


def test_an_unknown_kv_type_names_those_there_are(said: Said) -> None:
    code, out, err = said("plan", "--kv", "q5_1")
    assert (code, out) == (2, "")
    assert err == "kvasir: there is no KV type q5_1. Use one of f32, f16, bf16, q8_0, q4_0.\n"


# ---- quantize


def test_quantize_writes_into_the_cache_and_does_not_overwrite(said: Said, cache: Path) -> None:
    target = cache / "quantized" / f"{bundled_chat_model().stem}-Q4_0.gguf"
    code, out, err = said("quantize", CHAT_MODEL, "q4_0")
    assert (code, out, err) == (0, f"{target}  92 MB, from 98 MB\n", "")
    assert read_card(target).predominant == "Q4_0"
    written = target.stat().st_mtime_ns
    code, out, err = said("quantize", CHAT_MODEL, "Q4_0")
    assert (code, out) == (2, "")
    assert err == f"kvasir: {target} exists already. To overwrite it, add: --force\n"
    assert target.stat().st_mtime_ns == written
    code, out, err = said("quantize", CHAT_MODEL, "Q4_0", "--force", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "source": str(bundled_chat_model()),
        "target": str(target),
        "type": "Q4_0",
        "source_bytes": bundled_chat_model().stat().st_size,
        "bytes": target.stat().st_size,
    }
    assert target.stat().st_mtime_ns > written


def test_an_unknown_quantization_writes_nothing(said: Said, folder: Path) -> None:
    for kind in ("Q9_9", "../../escaped"):
        code, out, err = said("quantize", CHAT_MODEL, kind)
        assert (code, out) == (2, "")
        assert err.startswith(f"kvasir: there is no quantization {kind.upper()}. Use one of ")
    assert list(folder.rglob("*.gguf")) == []


def test_a_folder_that_cannot_be_written_is_one_line(said: Said, folder: Path) -> None:
    (folder / "file").write_text("in the way")
    code, out, err = said("quantize", CHAT_MODEL, "Q4_0", "--out", folder / "file" / "m.gguf")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert (folder / "file").read_text() == "in the way"


@pytest.mark.skipif(os.name == "nt", reason="signals are of another kind there")
def test_ctrl_c_leaves_no_part_of_a_file(folder: Path, cache: Path) -> None:
    command = [sys.executable, str(ROOT / "models"), "quantize", CHAT_MODEL, "Q4_K_M"]
    with subprocess.Popen(command, cwd=folder, stdout=PIPE, stderr=PIPE, text=True) as process:
        until = time.monotonic() + 100
        while not list(cache.rglob("*.draft")):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=100)
    assert (process.returncode, out, err) == (130, "", "\nkvasir: interrupted\n")
    assert [path for path in cache.rglob("*") if path.is_file()] == []


# ---- tune, doctor


@dataclass(frozen=True)
class Finding:
    ok: bool | None
    topic: str
    fact: str
    remedy: str


class Report:
    """A report of tuning, without the minutes that it takes."""

    def table(self) -> str:
        return "a table\nand the outcome"

    def as_json(self) -> dict[str, Any]:
        return {"winner": {"kind": "Q4_0"}, "rows": []}


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`stand_in("models.tune", tune=…)` puts a module with these names in its place."""

    def put(name: str, **functions: object) -> None:
        module = ModuleType(name)
        vars(module).update(functions)
        monkeypatch.setitem(sys.modules, name, module)

    return put


def test_tune_shows_its_table(said: Said, stand_in: Callable[..., None]) -> None:
    asked = []

    def tune(model: str, *, quick: bool, on_step: Callable[[str, int, int], None]) -> Report:
        asked.append((model, quick))
        on_step("Q4_0", 1, 2)
        return Report()

    stand_in("models.tune", tune=tune)
    assert said("tune") == (0, "a table\nand the outcome\n", "")
    code, out, err = said("tune", bundled_chat_model(), "--quick", "--json")
    assert (code, json.loads(out), err) == (0, Report().as_json(), "")
    assert asked == [(CHAT_MODEL, False), (str(bundled_chat_model()), True)]


@pytest.mark.parametrize(("worst", "code"), [(True, 0), (None, 0), (False, 1)])
def test_the_doctor_exits_with_1_if_something_is_wrong(
    said: Said, stand_in: Callable[..., None], worst: bool | None, code: int
) -> None:
    findings = [
        Finding(True, "build", "llama.cpp runs", ""),
        Finding(worst, "GPU", "there is one", "make clean install GPU=cuda"),
    ]
    stand_in("models.doctor", examine=lambda: findings)
    found, out, err = said("doctor")
    assert (found, err) == (code, "")
    mark = {True: "ok", None: "--", False: "!!"}[worst]
    assert out.splitlines() == [
        "ok  build  llama.cpp runs",
        f"{mark}  GPU    there is one",
        "           make clean install GPU=cuda",
    ]
    found, out, err = said("doctor", "--json")
    assert (found, err) == (code, "")
    shown = json.loads(out)
    assert shown["ok"] == (code == 0)
    assert shown["findings"][0]["topic"] == "build"
