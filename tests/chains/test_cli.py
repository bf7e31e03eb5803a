"""`python chains`, as a person runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ingest import Library, sync

ROOT = Path(__file__).parents[2]


def start(*arguments: str, folder: Path, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "KVASIR_THREADS": "1", **variables},
    )


def run(*arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    with start(*arguments, folder=folder, **variables) as process:
        out, err = process.communicate(timeout=300)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def answered(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_json_prints_the_pinned_keys_and_nothing_else(library: Library, tmp_path: Path) -> None:
    question = "What is a group of cats called?"
    done = run(str(ROOT / "chains"), question, "--library", str(library.folder), "--json",
               folder=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert set(result) == {
        "answer", "sources", "citations", "grounded", "flagged", "refused", "timings",
    }  # fmt: skip
    assert set(result["sources"][0]) == {"page_content", "metadata"}
    assert "clowder" in result["answer"]
    assert done.stderr == ""


def test_the_terminal_shows_evidence_answer_and_sources(library: Library) -> None:
    done = run("-m", "chains", "红茶起源于哪里？", "--library", str(library.folder), folder=ROOT)
    assert done.returncode == 0, done.stderr
    evidence, _, rest = done.stdout.partition("\n\n")
    assert evidence.startswith("[1] “")
    assert "武夷山" in rest
    assert "茶.txt" in rest
    assert "prompt tokens reused" in rest
    assert "Traceback" not in done.stderr


def test_after_warming_a_new_process_reads_the_question_alone(
    cold_library: Library, tmp_path: Path
) -> None:
    place = ["--library", str(cold_library.folder), "--json"]
    written = {"KVASIR_ANSWERS": "written", "KVASIR_MAX_TOKENS": "2"}
    warmed = answered(run(str(ROOT / "chains"), "warm", *place, folder=tmp_path, **written))
    assert (warmed["passages"], warmed["computed"], warmed["left"]) == (3, 3, 0)
    assert warmed["failed"] == []
    question = "How long do cats sleep?"
    first = answered(run("-m", "chains", question, *place, folder=ROOT, **written))["timings"]
    assert first["reused_tokens"] > 200 > 50 > first["prompt_tokens"] - first["reused_tokens"]


def test_warming_ends_at_ctrl_c_and_keeps_what_was_computed(
    cold_library: Library, tmp_path: Path
) -> None:
    text = " ".join(f"Fact number {n} is about the weather in the mountains." for n in range(900))
    (tmp_path / "weather.txt").write_text(text, "utf-8")
    sync(cold_library, [tmp_path / "weather.txt"])
    kv, place = cold_library.folder / "kv", ["--library", str(cold_library.folder)]
    with start("-m", "chains", "warm", *place, folder=ROOT) as process:
        deadline = time.monotonic() + 120
        while len(list(kv.glob("*.kv"))) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert "run it again to go on" in err
    assert "Traceback" not in err
    assert len(list(kv.glob("*.kv"))) >= 3


def test_a_passage_that_the_model_cannot_read_makes_exit_code_1(
    cold_library: Library, tmp_path: Path
) -> None:
    (tmp_path / "long.txt").write_text("龘靐齉爩麤灪龖厵纞虋" * 24, "utf-8")
    sync(cold_library, [tmp_path / "long.txt"])
    place = ["--library", str(cold_library.folder)]
    done = run("-m", "chains", "warm", *place, folder=ROOT, KVASIR_CONTEXT="512")
    assert done.returncode == 1
    assert "failed   " in done.stdout
    assert "long.txt, page 1: the prompt has" in done.stdout
    assert "3 computed" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        ([""], {}, "the question is empty"),
        (["x" * 100_000], {}, "100,000 characters"),
        (["Who?", "--library", "nowhere"], {}, "there is no library in"),
        (["Who?", "--library", "LIBRARY"], {"KVASIR_MODEL": "/no/such.gguf"}, "/no/such.gguf"),
        (["Who?", "--library", "LIBRARY"], {"KVASIR_EMBEDDER": "other"}, "--rebuild"),
        (["Who?"], {"KVASIR_CONTEXT": "many"}, "KVASIR_CONTEXT"),
        (["warm", "--library", "nowhere"], {}, "there is no library in"),
        (["warm", "--library", "LIBRARY"], {"KVASIR_KV_BUDGET": "0"}, "KVASIR_KV_BUDGET is 0"),
        (["warm", "--library", "LIBRARY"], {"KVASIR_MODEL": "/no/such.gguf"}, "/no/such.gguf"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(
    library: Library,
    tmp_path: Path,
    arguments: list[str],
    variables: dict[str, str],
    message: str,
) -> None:
    given = [str(library.folder) if word == "LIBRARY" else word for word in arguments]
    done = run(str(ROOT / "chains"), *given, folder=tmp_path, **variables)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
