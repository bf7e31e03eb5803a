"""Stored runs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chains import rag_chain
from chains.evaluation.errors import EvaluationError
from chains.evaluation.gold import Gold
from chains.evaluation.outcome import Outcome
from chains.evaluation.run import (
    Run,
    find_run,
    new_path,
    new_run,
    read_run,
    run_path,
    runs,
    write_run,
)
from ingest import Library
from models.chat_model import KvasirChat

START = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def empty(tmp_path: Path) -> Library:
    with Library(tmp_path / "library") as library:
        yield library


def run(library: Library, name: str = "base", days: int = 0) -> Run:
    gold = Gold(question="什么？", answers=("甲",), source="茶.txt", page="iv")
    outcomes = [Outcome(gold=gold, answer="甲。", rank=1, in_answer=True, first_token_s=0.5)]
    chain = rag_chain(library, llm=KvasirChat(model="smollm2-135m"))
    date = START + timedelta(days=days)
    return new_run(chain, Path("q.jsonl"), name, date, 2, outcomes, 1.5)


def test_a_run_is_read_as_it_was_written(empty: Library) -> None:
    made = run(empty)
    write_run(made, run_path(empty, "base"))
    assert find_run(empty, "base") == made
    assert made.figures["hit@1"].value == 1
    assert not made.complete
    assert made.settings["retrieve"] == 3
    assert "library" not in made.settings


def test_runs_come_newest_first_and_damaged_ones_say_why(empty: Library) -> None:
    assert runs(empty) == []
    for name, days in (("old", 0), ("new", 2), ("middle", 1)):
        write_run(run(empty, name, days), run_path(empty, name))
    (empty.folder / "evaluations" / "bad.json").write_text('{"version": 2}', "utf-8")
    (empty.folder / "evaluations" / ".draft.json").write_text("", "utf-8")
    found = runs(empty)
    assert [each.name for each in found] == ["new", "middle", "old", "bad"]
    assert [each.run is None for each in found] == [False, False, False, True]
    assert "is no stored run" in found[-1].problem
    assert "\n" not in found[-1].problem


def test_nothing_is_written_over(empty: Library) -> None:
    path = run_path(empty, "base")
    write_run(run(empty), path)
    with pytest.raises(EvaluationError, match="is there already"):
        write_run(run(empty, days=1), path)
    assert read_run(path).date == START


def test_a_name_lies_in_the_library_and_a_path_where_it_says(
    empty: Library, tmp_path: Path
) -> None:
    assert run_path(empty, "with rerank (2)") == (
        empty.folder / "evaluations" / "with rerank (2).json"
    )
    assert run_path(empty, "mine.json") == Path("mine.json")
    assert run_path(empty, str(tmp_path / "a")) == tmp_path / "a"
    for name in ("", "..", ".hidden", "a\nb", "x" * 101, "a:b"):
        with pytest.raises(EvaluationError, match="is no name for a run"):
            run_path(empty, name)


@pytest.mark.parametrize("stem", ["questions", "问题", "a:b*c", "...", " ", "x" * 300])
def test_the_name_that_a_run_gets_by_itself_is_a_name(empty: Library, stem: str) -> None:
    first = new_path(empty, Path(f"{stem}.jsonl"))
    assert run_path(empty, first.stem) == first
    write_run(run(empty), first)
    assert new_path(empty, Path(f"{stem}.jsonl")) != first


def test_a_run_that_is_not_there_is_named_beside_those_that_are(empty: Library) -> None:
    write_run(run(empty), run_path(empty, "base"))
    with pytest.raises(EvaluationError, match=r"there is no run .*bas\.json.*: base$"):
        find_run(empty, "bas")


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"\xff\xfe", b"[" * 99_999, b'{"version": 1}']
)
def test_another_file_is_no_run(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(content)
    with pytest.raises(EvaluationError, match="is no stored run") as caught:
        read_run(path)
    assert "\n" not in str(caught.value)


def test_a_folder_that_takes_no_file_is_named(empty: Library, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(EvaluationError, match="cannot be written"):
        write_run(run(empty), tmp_path / "file" / "run.json")
