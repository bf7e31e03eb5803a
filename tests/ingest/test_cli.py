import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from word_embedder import WordEmbedder

from ingest import Library, sync
from ingest.cli import main

ROOT = Path(__file__).resolve().parents[2]


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
    [[], ["--status", "--rebuild"], ["x", "--status"], ["--status", "--dry-run"], ["--no"]],
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


def run(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_both_ways_to_start_it_do_the_same(tmp_path: Path) -> None:
    for way in (["ingest"], ["-m", "ingest"]):
        ended = run(*way, "--status", KVASIR_LIBRARY=str(tmp_path / "nothing"))
        assert ended.returncode == 2
        assert ended.stderr.startswith("kvasir: there is no library in")
        assert run(*way, "--help").stdout.startswith("usage: python ingest")


def test_status_needs_no_model(tmp_path: Path) -> None:
    Library(tmp_path, embedder=WordEmbedder()).close()
    script = (
        "import sys; from ingest.cli import main; code = main(sys.argv[1:]);"
        "print(code, [m for m in ('torch', 'faiss', 'tantivy') if m in sys.modules])"
    )
    ended = run("-c", script, "--status", "--library", tmp_path)
    assert ended.stdout.splitlines()[-1] == "0 []"


def test_progress_is_shown_on_a_terminal_only(
    folder: Path, docs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main([str(docs), "--library", str(folder)])
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    (docs / "a.txt").write_text("changed")
    main([str(docs), "--library", str(folder)])
    assert "a.txt" in capsys.readouterr().err
