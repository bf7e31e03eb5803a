"""The README's commands and snippets do what it says, in its order, in one home folder."""

import contextlib
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.settings import get_settings

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "app" / "samples"
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = [
    line.strip()
    for block in re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
]
SNIPPETS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with two papers in it."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "papers").mkdir()
    shutil.copy(SAMPLES / "en" / "kv-cache.docx", folder / "papers")
    shutil.copy(SAMPLES / "zh" / "KV缓存.pdf", folder / "papers" / "old.pdf")
    return folder


@pytest.fixture(scope="module")
def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KVASIR_")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    cache = str(get_settings().cache)
    return {**kept, "HOME": str(home), "PATH": path, "KVASIR_CACHE": cache, "KVASIR_THREADS": "1"}


def run(
    command: list[str], environment: dict[str, str], folder: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=environment, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done


def test_the_readme_has_commands_and_snippets() -> None:
    assert {"make chat", "make test", "python app"} <= set(COMMANDS)
    assert len(SNIPPETS) >= 2


def test_every_command_runs_as_written(home: Path, environment: dict[str, str]) -> None:
    for line in COMMANDS:
        words = [word.replace("~", str(home)) for word in shlex.split(line)]
        if words[0] == "make":  # this may be running inside of it: ask what it would do
            assert run(["make", "-n", *words[1:]], environment).stdout
        elif words == ["python", "app"]:
            with serving(environment) as address, urllib.request.urlopen(address) as page:
                assert page.status == 200
        else:
            done = run(words, environment)
            assert done.stdout, line
            assert "Traceback" not in done.stderr


def test_every_snippet_runs_as_written(home: Path, environment: dict[str, str]) -> None:
    variables = {**environment, "PYTHONPATH": str(ROOT)}
    for snippet in SNIPPETS:
        done = run([sys.executable, "-c", snippet], variables, home)
        assert done.stdout.strip(), snippet


def test_what_the_readme_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


@contextlib.contextmanager
def serving(environment: dict[str, str]) -> Iterator[str]:
    """`python app` on a free port, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["python", "app", "--port", str(port)]
    app = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/_stcore/health"):
                break
            assert app.poll() is None, "python app ended early"
            assert time.monotonic() < deadline, "python app did not answer within 120 s"
            time.sleep(0.2)
        yield address
    finally:
        app.terminate()
        app.communicate(timeout=30)
