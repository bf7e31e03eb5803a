"""`python app` in a process of its own, and a browser to use it with."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import pytest
from playwright.sync_api import Browser, Locator, Page, TimeoutError, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
# A model that writes, and at length: its answers can be met midway.
WRITING = {"KVASIR_ANSWERS": "written", "KVASIR_ADAPTER": "none", "KVASIR_MAX_TOKENS": "4000"}
SLOW = 120_000  # milliseconds: the machine may have other things to do


NEEDED = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
    pytest.mark.timeout(600),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Chat:
    """`python app` in a process of its own."""

    def __init__(self, folder: Path, port: int = 0, **settings: str) -> None:
        port = port or free_port()
        self.address = f"http://127.0.0.1:{port}"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("KVASIR_")}
        self._log = (folder.parent / f"{port}.log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "app"), "--library", str(folder), "--port", str(port)],
            cwd=folder.parent,
            env={**environment, "HOME": str(folder.parent), **_cache(), **settings},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 240
        while not self._answers():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.2)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """A test that failed leaves no process behind, for others to stumble over."""
        if self.process.poll() is None:
            self.kill()

    def said(self) -> str:
        return Path(self._log.name).read_text()

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(60)
        self._log.close()
        return code

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(60)
        self._log.close()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=5) as reply:
                return bool(reply.status == 200)
        except OSError:
            return False


def _cache() -> dict[str, str]:
    """The user's own cache: the embedder is converted once, not once per test run."""
    return {"XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))}


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium; every tab is a person of its own."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=SLOW)  # Playwright's own is five seconds
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def tab(browser: Browser, chat: Chat, locale: str = "en-US", path: str = "") -> Page:
    page = browser.new_context(locale=locale).new_page()
    page.set_default_timeout(SLOW)
    page.goto(chat.address + path)
    expect(page.locator(".kv-hello, .kv-title")).to_be_visible(timeout=SLOW)
    return page


def ask(page: Page, question: str) -> None:
    box = page.get_by_test_id("stChatInput").locator("textarea")
    box.fill(question)
    page.get_by_test_id("stChatInputSubmitButton").click()  # waits for files that are uploading


def end(page: Page) -> None:
    """Stop the answer, unless it has ended by itself: how long it gets differs by processor."""
    with suppress(TimeoutError):
        page.locator(".st-key-stop button").click(timeout=3000)
    expect(page.locator(".st-key-stop")).to_have_count(0, timeout=SLOW)
    expect(page.locator('.stApp[data-test-script-state="notRunning"]')).to_have_count(1)


def words_of(place: Locator) -> str:
    """The text of a place, once it has any: a component is there before its words are."""
    expect(place).to_have_text(re.compile(r"\w"), timeout=SLOW)
    return place.inner_text()
