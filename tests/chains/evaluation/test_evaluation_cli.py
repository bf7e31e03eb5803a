"""`python chains eval`, as a person runs it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from chains.cli import main
from chains.evaluation import trial
from chains.evaluation.gold import Gold, read_gold
from chains.evaluation.outcome import Outcome
from chains.evaluation.run import runs
from ingest import Library

ROOT = Path(__file__).parents[3]
LINES = [
    {"question": "What is a group of cats called?", "answer": "clowder", "source": "cats.txt"},
    {"question": "红茶起源于哪里？", "answers": ["武夷山"], "source": "茶.txt"},
    {"question": "What does tungsten weigh?", "unanswerable": True},
]


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "q.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in LINES), "utf-8")
    return path


@pytest.fixture
def place(cold_library: Library) -> list[str]:
    return ["--library", str(cold_library.folder)]


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(capsys.readouterr().out)
    return shown


def test_a_run_is_shown_stored_and_compared_with(
    cold_library: Library,
    questions: Path,
    place: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["eval", str(questions), *place, "--save", "base"]) == 0
    shown = capsys.readouterr()
    assert "3 questions, 1 of them unanswerable" in shown.out
    assert "right passage first (hit@1)" in shown.out
    assert shown.err == ""
    (stored,) = runs(cold_library)
    assert stored.name == "base"
    assert stored.run
    assert stored.run.figures["answer_recall"].value == 1
    assert (
        main(["eval", str(questions), *place, "--limit", "1", "--against", "base", "--json"]) == 0
    )
    again = told(capsys)
    assert again["figures"]["hit@1"]["count"] == 1
    assert again["differences"]["hit@1"]["difference"] == 0
    assert [each["gold"]["question"] for each in again["outcomes"]] == [LINES[0]["question"]]
    assert Path(again["stored"]).parent == cold_library.folder / "evaluations"
    assert len(runs(cold_library)) == 2


def test_lines_that_cannot_be_used_are_named_in_one_line_and_make_exit_code_1(
    questions: Path, place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with questions.open("a", encoding="utf-8") as file:
        file.write('\nnonsense\n{"question": 5}\n')
    assert main(["eval", str(questions), *place, "--limit", "1"]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "line 4: no JSON" in err
    assert 'line 5: "question"' in err


def stop_after(count: int) -> Any:
    def evaluate(chain: object, questions: list[Gold]) -> Generator[Outcome, None, None]:
        for gold in questions[:count]:
            yield Outcome(gold=gold, rank=1, first_token_s=0.1)
        raise KeyboardInterrupt

    return evaluate


def test_ctrl_c_shows_and_stores_what_is_done(
    cold_library: Library,
    questions: Path,
    place: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trial, "evaluate", stop_after(2))
    assert main(["eval", str(questions), *place, "--json"]) == 130
    shown = capsys.readouterr()
    assert len(json.loads(shown.out)["outcomes"]) == 2
    assert "stopped after 2 of 3 questions" in shown.err
    (stored,) = runs(cold_library)
    assert stored.run
    assert not stored.run.complete
    monkeypatch.setattr(trial, "evaluate", stop_after(0))
    assert main(["eval", str(questions), *place]) == 130
    assert capsys.readouterr().out == ""
    assert len(runs(cold_library)) == 1


def test_a_run_that_cannot_be_stored_is_shown_all_the_same(
    questions: Path,
    place: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setattr(trial, "evaluate", stop_after(1))
    where = str(tmp_path / "file" / "run.json")
    assert main(["eval", str(questions), *place, "--limit", "1", "--save", where]) == 2
    shown = capsys.readouterr()
    assert "hit@1" in shown.out
    assert "cannot be written" in shown.err


def test_drafts_are_questions_that_can_be_asked(
    place: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "drafts.jsonl"
    arguments = ["eval", "--generate", "2", *place, "--out", str(out)]
    assert main(arguments) == 0
    assert f"2 questions are in {out}" in capsys.readouterr().out
    found, bad = read_gold(out)
    assert len(found) == 2
    assert bad == []
    before = out.read_bytes()
    assert main(arguments) == 2
    assert "is there already" in capsys.readouterr().err
    assert out.read_bytes() == before


def test_a_library_that_gives_no_question_makes_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Library(tmp_path / "empty").close()
    out = tmp_path / "drafts.jsonl"
    place = ["--library", str(tmp_path / "empty")]
    assert main(["eval", "--generate", "2", *place, "--out", str(out), "--json"]) == 1
    assert told(capsys) == {"questions": 0, "file": ""}
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.jsonl"], "cannot be read"),
        (["QUESTIONS", "--library", "nowhere"], "there is no library in"),
        (["QUESTIONS", "--against", "none"], "there is no run"),
        (["QUESTIONS", "--save", "a:b"], "is no name for a run"),
        (["--generate", "3", "--out", "no/folder/q.jsonl"], "cannot be written"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(
    questions: Path,
    place: list[str],
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    given = [str(questions) if word == "QUESTIONS" else word for word in arguments]
    assert main(["eval", *place, *given]) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.err.count("\n") == 1
    assert shown.out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["q.jsonl", "--generate", "3"],
        ["q.jsonl", "--out", "x"],
        ["--generate", "3", "--save", "x"],
        ["--generate", "0"],
        ["q.jsonl", "--limit", "many"],
    ],
)
def test_arguments_that_do_not_go_together_are_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["eval", *arguments])
    assert ended.value.code == 2
    assert "python chains eval: error:" in capsys.readouterr().err


def test_ctrl_c_ends_the_process_with_130(questions: Path, place: list[str]) -> None:
    many = "\n".join(json.dumps({"question": f"What is cat {n}?"}) for n in range(2000))
    questions.write_text(many, "utf-8")
    command = [sys.executable, str(ROOT / "chains"), "eval", str(questions), *place]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "KVASIR_THREADS": "1"},
    ) as process:
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "stopped" in err
    assert "Traceback" not in err + out
