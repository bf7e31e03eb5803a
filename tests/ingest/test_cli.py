import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from word_embedder import WordEmbedder

from ingest import Library, sync
from ingest.cli import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a library goes; the embedder of the settings is a small one."""
    import models.embeddings

    monkeypatch.setattr(models.embeddings, "KvasirEmbeddings", WordEmbedder)
    return tmp_path.resolve() / "library"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text("The fox sleeps.")
    (folder / "b.md").write_text("# Owls\n\nThe owl wakes.\n")
    return folder


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, dict]:
    code = main([*map(str, arguments), "--json"])
    captured = capsys.readouterr()
    assert captured.err == "" or code == 2
    return code, json.loads(captured.out)


def test_a_sync_is_told_in_json_with_the_pinned_keys(
    folder: Path, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = run_json(capsys, docs, "--library", folder)
    assert code == 0
    sources = [str(docs / "a.txt"), str(docs / "b.md")]
    nothing: dict[str, list] = {"updated": [], "removed": [], "unchanged": [], "failed": []}
    assert told == {**nothing, "added": sources}
    (docs / "a.txt").write_text("The fox wakes.")
    (docs / "b.md").unlink()
    foreseen = run_json(capsys, docs, "--library", folder, "--dry-run")
    assert foreseen == run_json(capsys, docs, "--library", folder)
    assert foreseen[1] == {
        **nothing,
        "added": [],
        "updated": [sources[0]],
        "removed": [sources[1]],
    }


def test_a_bad_file_is_named_and_the_exit_code_is_1(
    folder: Path, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (docs / "bad.pdf").write_bytes(b"this is no PDF")
    code, told = run_json(capsys, docs, "--library", folder)
    assert (code, len(told["added"])) == (1, 2)
    ((failure),) = told["failed"]
    assert failure.keys() == {"source", "reason"}
    assert failure["source"] == str(docs / "bad.pdf")
    assert main([str(docs), "--library", str(folder)]) == 1
    assert f"failed   {docs / 'bad.pdf'}: " in capsys.readouterr().out


def test_unusable_arguments_are_one_line_and_exit_code_2(
    folder: Path, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = run_json(capsys, docs / "nowhere", "--library", folder)
    assert (code, told) == (2, {"error": f"no such file or folder: {docs / 'nowhere'}"})
    assert not folder.exists()
    assert main([str(docs / "nowhere"), "--library", str(folder)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"kvasir: no such file or folder: {docs / 'nowhere'}\n"
    assert main(["--status", "--library", str(folder)]) == 2
    assert "there is no library in" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--status", "--rebuild"],
        ["x", "--status"],
        ["--status", "--dry-run"],
        ["x", "--watch", "--dry-run"],
        ["--watch"],
        ["x", "--fix"],
        ["--remove", ""],
        ["--no"],
    ],
)
def test_a_command_that_says_too_little_or_too_much_shows_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "usage: python ingest" in captured.err


def test_an_empty_folder_is_said_to_be_empty(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main([str(empty), "--library", str(folder)]) == 0
    assert capsys.readouterr().out == f"nothing to ingest: {empty} holds no files\n"


def test_a_dry_run_makes_no_library(
    folder: Path, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(docs), "--library", str(folder), "--dry-run"]) == 0
    assert f"added    {docs / 'a.txt'}" in capsys.readouterr().out
    assert not folder.exists()


def test_status_lists_what_remove_takes_out(
    folder: Path, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(docs), "--library", str(folder)])
    capsys.readouterr()
    assert main(["--status", "--library", str(folder)]) == 0
    assert f"{docs / 'a.txt'}  (1 page, 1 chunk)" in capsys.readouterr().out
    code, told = run_json(capsys, "--status", "--library", folder)
    assert (code, told["documents"], told["embedder"]) == (0, 2, "words")
    source = told["sources"][0]["source"]
    code, told = run_json(capsys, "--remove", source, "--library", folder)
    assert (code, told["removed"]) == (0, [source])
    code, told = run_json(capsys, "--remove", source, "--library", folder)
    assert code == 2
    assert "is not in the library" in told["error"]


def test_a_library_of_another_embedder_is_refused_and_rebuilt(
    folder: Path, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Library(folder, embedder=WordEmbedder("other", 32)) as library:
        sync(library, [docs])
    code, told = run_json(capsys, docs, "--library", folder)
    assert code == 2
    command = f"python ingest --rebuild --library {folder}"
    assert told["error"].endswith(command)
    assert main(command.split()[2:]) == 0
    capsys.readouterr()
    code, told = run_json(capsys, docs, "--library", folder)
    assert (code, len(told["unchanged"])) == (0, 2)


def test_an_interrupt_is_one_line_and_exit_code_130(
    folder: Path, docs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["ingest.sync"], "sync", interrupted)
    assert main([str(docs), "--library", str(folder)]) == 130
    assert capsys.readouterr().err.count("\n") == 1


def test_progress_is_shown_on_a_terminal_only(
    folder: Path, docs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main([str(docs), "--library", str(folder)])
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    (docs / "a.txt").write_text("changed")
    main([str(docs), "--library", str(folder)])
    assert "a.txt" in capsys.readouterr().err


def test_what_is_passed_over_is_counted_in_words_and_in_dry_runs(
    folder: Path, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (docs / ".kvasirignore").write_text("*.md\n")
    (docs / ".hidden").write_text("x")
    (docs / "a.tmp").write_text("x")
    for more, verb in ((["--dry-run"], "would be: "), ([], "")):
        assert main([str(docs), "--library", str(folder), *more]) == 0
        told = capsys.readouterr().out
        assert told.endswith(f"{verb}1 added\npassed over: 1 hidden, 1 ignored, 1 temporary\n")


def test_a_path_that_holds_nothing_any_more_is_said_with_what_that_costs(
    folder: Path, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(docs), "--library", str(folder)])
    docs.rename(docs.with_name("away"))
    capsys.readouterr()
    main([str(docs), "--library", str(folder), "--dry-run"])
    assert f"{docs} is gone: 2 documents of it would be removed\n" in capsys.readouterr().out
    docs.mkdir()
    main([str(docs), "--library", str(folder)])
    told = f"2 removed\n{docs} holds no files any more: 2 documents of it were removed\n"
    assert capsys.readouterr().out == told


def test_remove_takes_a_folder_and_only_what_is_under_it(
    folder: Path, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (docs / "sub").mkdir()
    (docs / "sub-more.txt").write_text("A crow.")
    for name in ("c.txt", "d.txt"):
        (docs / "sub" / name).write_text(f"An owl in {name}.")
    main([str(docs), "--library", str(folder)])
    shutil.rmtree(docs / "sub")  # it is known by what the library has from it
    capsys.readouterr()
    assert main(["--remove", str(docs / "sub"), "--library", str(folder)]) == 0
    assert capsys.readouterr().out == f"removed 2 documents under {docs / 'sub'}\n"
    _, told = run_json(capsys, "--remove", docs, "--library", folder)
    assert told["removed"] == [str(docs / n) for n in ("a.txt", "b.md", "sub-more.txt")]


def test_the_doctor_names_what_is_wrong_and_mends_it(
    folder: Path, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(docs), "--library", str(folder)])
    capsys.readouterr()
    assert main(["--doctor", "--library", str(folder)]) == 0
    assert capsys.readouterr().out == f"{folder} is in order\n"
    (docs / "a.txt").write_text("The fox is awake.")
    changed = {
        "check": "file",
        "source": str(docs / "a.txt"),
        "problem": "the file has changed since it was read",
    }
    told = run_json(capsys, "--doctor", "--library", folder)
    assert told == (1, {"findings": [changed], "mended": 0})
    assert main(["--doctor", "--library", str(folder)]) == 1
    assert f"python ingest --doctor --fix --library {folder}" in capsys.readouterr().out
    told = run_json(capsys, "--doctor", "--fix", "--library", folder)
    assert told == (0, {"findings": [], "mended": 1})


@pytest.mark.skipif(os.name == "nt", reason="file names are text there")
def test_a_path_that_is_not_text_is_told_as_well_as_it_can_be(
    folder: Path, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = os.fsdecode(os.fsencode(docs) + b"/\xff")
    assert main([odd, "--library", str(folder), "--json"]) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"error": f"no such file or folder: {odd}"}
