"""The command in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from word_embedder import WordEmbedder

from ingest import Library

ROOT = Path(__file__).resolve().parents[2]

needs_signals = pytest.mark.skipif(os.name == "nt", reason="sends SIGINT to one process")

COMMAND = """
import sys, models.embeddings
from word_embedder import WordEmbedder
models.embeddings.KvasirEmbeddings = WordEmbedder
from ingest.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text("The fox sleeps.")
    return folder


def start(
    *arguments: str | Path, script: str = COMMAND, more: Path = ROOT
) -> subprocess.Popen[str]:
    """The command in a process of its own, with a small embedder and `more` to import from."""
    path = os.pathsep.join(map(str, [ROOT, Path(__file__).parent, more]))
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


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


@needs_signals
def test_a_watch_tells_each_burst_in_a_line_of_json_and_ends_well(
    tmp_path: Path, docs: Path
) -> None:
    with start(docs, "--watch", "--json", "--library", tmp_path / "library") as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        (docs / "b.txt").write_text("The owl wakes.")
        second = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (first["added"], second["added"]) == ([str(docs / "a.txt")], [str(docs / "b.txt")])
    assert second["unchanged"] == []
    assert (process.returncode, out) == (0, "")
    assert err == "kvasir: stopped watching; what was done is kept\n"


@needs_signals
@pytest.mark.parametrize(("watch", "code"), [(["--watch"], 0), ([], 130)])
def test_an_interrupt_does_not_wait_for_a_file_that_is_being_read(
    tmp_path: Path, docs: Path, watch: list[str], code: int
) -> None:
    (tmp_path / "stuck.py").write_text(
        "import signal, sys, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        f"open({str(tmp_path / 'reading')!r}, 'w').close()\ntime.sleep(600)\n"
    )
    stuck = (
        "from ingest.load import worker\n"
        "for each in worker._shared._workers: each._module = 'stuck'\n"
    )
    arguments = [docs, *watch, "--library", tmp_path / "library"]
    with start(*arguments, script=stuck + COMMAND, more=tmp_path) as process:
        deadline = time.monotonic() + 60
        while not (tmp_path / "reading").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)  # a parser has two minutes
    assert (process.returncode, err.count("\n")) == (code, 1)
    assert "what was done is kept" in err
    assert (tmp_path / "reading").exists()


def test_a_reader_of_the_output_may_leave_early(tmp_path: Path) -> None:
    Library(tmp_path, embedder=WordEmbedder()).close()
    with start("--status", "--library", tmp_path) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == 0
