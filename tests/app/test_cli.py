"""`python app`: one line and an exit code for whatever is wrong."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import main

ROOT = Path(__file__).resolve().parents[2]


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith("kvasir: ")
    return error


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.server.serve", lambda port: None)
    monkeypatch.setenv("KVASIR_LIBRARY", os.environ["KVASIR_LIBRARY"])  # put back afterwards


def test_a_port_in_use_is_said_before_anything_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert main(["--library", str(tmp_path / "new"), "--port", str(taken)]) == 2
    assert f"port {taken} cannot be used" in one_line(capsys)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("text", ["0", "65536", "x", "-1"])
def test_no_port_at_all_is_an_unusable_argument(text: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([f"--port={text}"])
    assert ended.value.code == 2


def test_a_missing_model_is_said_in_the_terminal(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KVASIR_MODEL", "no-such-model")
    assert main(["--library", str(tmp_path / "new"), "--port", str(port)]) == 2
    assert "no-such-model" in one_line(capsys)
    assert not (tmp_path / "new").exists()


def test_a_missing_embedder_is_said_in_the_terminal(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KVASIR_EMBEDDER", str(tmp_path / "nothing"))
    assert main(["--library", str(tmp_path / "new"), "--port", str(port)]) == 2
    assert "nothing" in one_line(capsys)


def test_a_folder_that_cannot_be_a_library_is_said_in_the_terminal(
    tmp_path: Path, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    assert main(["--library", str(tmp_path / "file"), "--port", str(port)]) == 2
    assert "file" in capsys.readouterr().err


def test_a_database_that_is_none_is_said_in_the_terminal(
    tmp_path: Path, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "library.db").write_bytes(b"no database at all " * 100)
    assert main(["--library", str(tmp_path), "--port", str(port)]) == 2
    one_line(capsys)


def test_only_a_new_library_gets_the_samples(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    added: list[str] = []
    monkeypatch.setattr("app.cli._add_samples", lambda library: added.append("samples"))
    for _ in range(2):
        assert main(["--library", str(tmp_path / "new"), "--port", str(port)]) == 0
    assert added == ["samples"]
    assert f"http://localhost:{port}" in capsys.readouterr().out


@pytest.mark.parametrize("command", [[str(ROOT / "app")], ["-m", "app"]])
def test_the_package_runs_as_a_folder_and_as_a_module(command: list[str], tmp_path: Path) -> None:
    there = ROOT if command[0] == "-m" else tmp_path
    done = subprocess.run(
        [sys.executable, *command, "--help"], cwd=there, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "--library DIR" in done.stdout
