"""`python chains`, as a person runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ingest import Library

ROOT = Path(__file__).parents[2]


def run(*arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "KVASIR_THREADS": "1", **variables},
        timeout=300,
    )


def test_json_prints_the_pinned_keys_and_nothing_else(library: Library, tmp_path: Path) -> None:
    question = "What is a group of cats called?"
    done = run(str(ROOT / "chains"), question, "--library", str(library.folder), "--json",
               folder=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert set(result) == {"answer", "sources", "citations", "grounded", "timings"}
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


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        ([""], {}, "the question is empty"),
        (["x" * 100_000], {}, "100,000 characters"),
        (["Who?", "--library", "nowhere"], {}, "there is no library in"),
        (["Who?", "--library", "LIBRARY"], {"KVASIR_MODEL": "/no/such.gguf"}, "/no/such.gguf"),
        (["Who?", "--library", "LIBRARY"], {"KVASIR_EMBEDDER": "other"}, "--rebuild"),
        (["Who?"], {"KVASIR_CONTEXT": "many"}, "KVASIR_CONTEXT"),
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
