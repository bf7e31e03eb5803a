"""`python chains` without a question: a conversation in a terminal, and without one."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chains.printed import plain
from ingest import Library

ROOT = Path(__file__).parents[2]
LONG = "Tell me all that is known of how cats and foxes sleep, in detail."


class Terminal:
    """The command in a terminal of its own, typed into."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.said = ""
        command = [sys.executable, "-m", "chains", "--library", str(folder)]
        variables = {**os.environ, "KVASIR_THREADS": "1", "TERM": "dumb", **settings}
        self._process, self._side = pty.fork()
        if not self._process:
            os.chdir(ROOT)
            os.execve(command[0], command, variables)

    def type(self, text: str) -> None:
        os.write(self._side, text.encode())

    def wait(self, pattern: str, after: int = 0, again: str = "") -> str:
        """What was said from there on, once the pattern is in it; `again` is typed until then.

        Python hears no Ctrl-C that comes between a prompt's showing and its waiting for a key.
        """
        deadline = time.monotonic() + 240
        while not re.search(pattern, self.said[after:]):
            assert time.monotonic() < deadline, self.said
            if not select.select([self._side], [], [], 2)[0]:
                self.type(again)
            else:
                more = self._read()
                assert more, self.said
                self.said += more
        return self.said[after:]

    def end(self) -> int:
        """Its exit code, once it has ended by itself."""
        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                ended, status = os.waitpid(self._process, os.WNOHANG)
                if ended:
                    return os.waitstatus_to_exitcode(status)
                time.sleep(0.05)
            os.kill(self._process, signal.SIGKILL)
            return os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])
        finally:
            os.close(self._side)

    def _read(self) -> str:
        try:
            return os.read(self._side, 65536).decode("utf-8", "replace").replace("\r", "")
        except OSError:  # the other side is closed
            return ""


def test_a_conversation_goes_on_and_shows_its_passages(library: Library) -> None:
    terminal = Terminal(library.folder)

    def answer(line: str, pattern: str, again: str = "") -> None:
        begin = len(terminal.said)
        terminal.type(line)
        terminal.wait(pattern + r"[\s\S]*\n> $", begin, again)

    try:
        terminal.wait(r"3 documents\. Ask, or type /help\.\n\n> $")
        answer("红茶起源于哪里？\n", r"武夷山[\s\S]*tokens/s")
        answer("/1\n", r"\[1\] .*茶\.txt\n\n绿茶")
        answer("\x03", r"/quit leaves", again="\x03")
        answer("/9\n", r"the last answer has 3 passages")
        answer("/nonsense\n", r"no command /nonsense")
        answer("/only tea\n", r"no document is called “tea”")
        answer("/only cats, lighthouse\n", r"cats\.txt\nlighthouse\.txt")
        answer("红茶起源于哪里？\n", r"没有与这个问题相关的内容|\d\] .*(?:cats|lighthouse)\.txt")
        answer("/only\n", r"All documents")
        answer("/new\n", r"A new conversation")
        answer("/1\n", r"the last answer has 0 passages")
        terminal.type("\x04")
    finally:
        assert terminal.end() == 0
    assert "Traceback" not in terminal.said


def test_ctrl_c_stops_the_answer_and_the_conversation_goes_on(library: Library) -> None:
    terminal = Terminal(
        library.folder,
        KVASIR_ANSWERS="written",
        KVASIR_ADAPTER="none",
        KVASIR_MAX_TOKENS="4000",
        KVASIR_PASSAGES="joint",
    )
    try:
        terminal.wait(r"\n> $")
        begin = len(terminal.said)
        terminal.type(LONG + "\n")
        terminal.wait(r"”\n\n\w", begin)  # the evidence, and then the first words
        terminal.type("\x03")
        terminal.wait("kvasir: stopped", begin)
        terminal.type("/quit\n")
    finally:
        assert terminal.end() == 0
    assert "Traceback" not in terminal.said


def test_without_a_terminal_every_line_is_a_question(library: Library) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chains", "--library", str(library.folder)],
        input="What is a group of cats called?\n\nx" + 9000 * "y" + "\n红茶起源于哪里？\n",
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "KVASIR_THREADS": "1"},
        timeout=300,
    )
    first, second = done.stdout.split("> 红茶起源于哪里？")
    assert first.startswith("> What is a group of cats called?\n")
    assert "clowder" in first
    assert "武夷山" in second
    assert "Type a question" not in done.stdout
    assert done.stderr == (
        "kvasir: the question has 9,001 characters, 8,000 at most can be asked. "
        "Put long texts into the library and ask about them.\n"
    )
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--json"], "--json needs a question"), (["--library", "nowhere"], "there is no library in")],
)
def test_what_cannot_begin_is_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "chains"), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
    )
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.returncode == 2


def test_what_documents_say_moves_no_cursor() -> None:
    assert plain("a\x1b[2Jb\u202ec\x00\r\nd", lines=True) == "a�[2Jb�c��\nd"
    assert plain("a\nb") == "a�b"
