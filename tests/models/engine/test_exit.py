"""The end of a process, in the middle of anything: no crash, no wait, nothing on stderr."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
BEGIN = """
import sys, threading, time
from models.bundled import bundled_chat_model
from models.engine.context import Placement
from models.engine.engine import Engine
from models.engine.sampling import Sampling
from models.engine.stream import Prefill, Text
engine = Engine(bundled_chat_model(), Placement(context=2048, threads=1))
long = Sampling(max_tokens=1000)
"""
ENDS = {
    "idle": "",
    "answering": """
stream = engine.generate([504, 3575, 282], long)
next(event for event in stream if isinstance(event, Text))
""",
    "reading a long prompt": """
stream = engine.generate([504 + n % 90 for n in range(1800)], long)
next(event for event in stream if isinstance(event, Prefill))
""",
    "unread": "streams = [engine.generate([504 + n], long) for n in range(20)]",
    "read by threads": """
def read(n):
    try:
        for event in engine.generate([504 + n], long):
            pass
    except Exception as error:
        assert "closed" in str(error)
for n in range(4):
    threading.Thread(target=read, args=[n], daemon=True).start()
time.sleep(0.5)
""",
    "after an error": """
stream = engine.generate([504, 3575, 282], long)
next(event for event in stream if isinstance(event, Text))
sys.exit(3)
""",
    "closed": "stream = engine.generate([504], long)\nengine.close()",
    "collected": "stream = engine.generate([504], long)\ndel engine",
}


@pytest.mark.parametrize("end", ENDS)
def test_a_process_ends_at_once_whatever_its_engine_does(end: str, folder: Path) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + ENDS[end] + "\nprint('end', flush=True)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == (3 if end == "after an error" else 0)
    assert done.stderr == ""
    assert time.monotonic() - began < 40  # a thousand tokens would take longer


def test_threads_that_tokenize_at_the_end_are_told_that_it_is_the_end(folder: Path) -> None:
    tokenizing = """
def tokenize():
    while True:
        engine.model.tokenize("hello world " * 50)
for _ in range(4):
    threading.Thread(target=tokenize, daemon=True).start()
time.sleep(0.3)
"""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + tokenizing],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0


def test_an_interrupt_in_a_reader_ends_the_process(folder: Path) -> None:
    interrupt = """
import os, signal
threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]).start()
for event in engine.generate([504 + n % 90 for n in range(1800)], long):
    pass
"""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + interrupt],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "KeyboardInterrupt" in done.stderr
    assert done.returncode in (-2, 130)
