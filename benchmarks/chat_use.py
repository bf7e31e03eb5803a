"""How long people wait in the chat: for the first answer, and for the effect of a click.

First use, from the start of `python app` with a new library, which takes the samples in: the page,
a PDF put into the chat together with a question about it, the first word, the answer's source
opened. Then clicks, with nothing else under way and, in the same process, while a long text is
indexed and four other people have answers written: from the click to what it should show, in a real
Chromium. Prints two tables, writes benchmarks/results/chat_use.json.

    python benchmarks/chat_use.py
"""

import argparse
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "app")]

from engine_setup import note, print_table, read_articles, save_results  # noqa: E402
from running_chat import CHROMIUM, SLOW, WRITING, Chat, ask, chromium, tab  # noqa: E402

PDF = ROOT.parent / "shared" / "corpus"
PEOPLE = 4
GOAL_S = 1.0
ONE_PASSAGE = {"KVASIR_RETRIEVE": "1"}  # of three each, the fourth person would wait in the queue
WORDS = ".kv-answer, .answer"  # while they come, and afterwards
QUESTION = "Describe everything that these documents tell about caches, one thing after another."


def first_use(browser: Browser, place: Path, pdf: Path, question: str) -> dict[str, float]:
    """Seconds of a first time, by what is waited for."""
    began = time.monotonic()
    with Chat(place / "first" / "library") as chat:
        page = tab(browser, chat)
        seconds = {"start to the page": time.monotonic() - began}
        box = page.get_by_test_id("stChatInput")
        box.locator("input[type=file]").set_input_files(str(pdf))
        expect(box).to_contain_text(pdf.name)
        began = time.monotonic()
        ask(page, question)
        delivered = page.locator('[class*="st-key-delivery-"]')
        expect(delivered).to_contain_text("1 of 1 in the library", timeout=SLOW)
        seconds["sent to the PDF being in"] = time.monotonic() - began
        expect(page.locator(WORDS)).to_have_text(re.compile(r"\w"), timeout=SLOW)
        seconds["sent to the first word"] = time.monotonic() - began
        page.locator("button.cite").first.click()
        expect(page.locator(".kv-page mark, .kv-paper .kv-box").first).to_be_visible(timeout=SLOW)
        seconds["sent to the source beside it"] = time.monotonic() - began
        page.context.close()
    return seconds


Click = tuple[str, Callable[[Page], None]]


def clicks() -> Iterator[Click]:
    """What somebody does, each with what it should show."""
    for number, name, sign in (
        (1, "documents", '[class*="st-key-document-"]'),
        (2, "engine", ".kv-head"),
        (3, "quality", "h1"),
        (0, "chat", ".kv-hello, .kv-question"),
    ):
        yield f"page: {name}", partial(_to_page, number=number, sign=sign)
    yield "language: Chinese", partial(_tongue, name="中文", hello="想了解些什么？")
    yield (
        "language: English",
        partial(_tongue, name="English", hello="What would you like to know?"),
    )
    yield "a question appears", _asked
    yield "a new conversation", _new


def _to_page(page: Page, number: int, sign: str) -> None:
    page.get_by_test_id("stSidebarNavLink").nth(number).click()
    _await(page, sign)


def _tongue(page: Page, name: str, hello: str) -> None:
    page.get_by_role("radio", name=name).or_(page.get_by_role("button", name=name)).click()
    _await(page, ".kv-hello h1", hello)


def _asked(page: Page) -> None:
    ask(page, "Which RoPE base does Llama 3 use?")
    _await(page, ".kv-question")


def _new(page: Page) -> None:
    page.locator(".st-key-new-chat button").click()
    _await(page, ".kv-hello h1")


def _await(page: Page, sign: str, text: str = "") -> None:
    """Wait until it is seen, looking at every frame: `expect` looks after .1, .35, .85 s alone."""
    seen = """([sign, text]) => [...document.querySelectorAll(sign)].some(
        (found) => found.checkVisibility() && found.textContent.includes(text))"""
    page.wait_for_function(seen, arg=[sign, text], polling="raf", timeout=SLOW)


def clicked(page: Page, rounds: int) -> dict[str, list[float]]:
    """Seconds from each click to its effect, for so many rounds."""
    seconds: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, click in clicks():
            began = time.monotonic()
            click(page)
            seconds.setdefault(name, []).append(time.monotonic() - began)
    return seconds


@contextmanager
def busy(browser: Browser, chat: Chat, text: bytes) -> Iterator[None]:
    """Four answers being written, and a long text being indexed."""
    pages = [tab(browser, chat) for _ in range(PEOPLE)]
    for page in pages:
        ask(page, QUESTION)
    for page in pages:
        expect(page.locator(WORDS)).to_have_text(re.compile(r"\w"), timeout=SLOW)
    loader = tab(browser, chat)
    box = loader.get_by_test_id("stChatInput")
    given = {"name": "long.txt", "mimeType": "text/plain", "buffer": text}
    box.locator("input[type=file]").set_input_files([given])
    expect(box).to_contain_text("long.txt")
    loader.get_by_test_id("stChatInputSubmitButton").click()
    expect(loader.locator('[class*="st-key-delivery-"]')).to_contain_text("long.txt")
    yield
    writing = sum(page.locator(".st-key-stop-bar").is_visible() for page in pages)
    indexing = loader.locator(".st-key-stop-bar").is_visible()
    note(f"at the end, {writing} answers were still written; indexing: {indexing}")
    for page in (*pages, loader):
        page.context.close()


def long_text(megabytes: float) -> bytes:
    """A text that takes minutes to index."""
    paragraphs = [p.page_content for a in read_articles("en") for p in a.passages]
    parts: list[str] = []
    while sum(map(len, parts)) < megabytes * 1e6:
        parts += [f"{len(parts)}. {paragraph}" for paragraph in paragraphs]
    return "\n\n".join(parts).encode("utf-8")


def main() -> int:
    """Measure; 0 also where there is no browser or no corpus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pdf", type=Path, default=PDF / "en/layout-parser-2p.pdf", metavar="FILE")
    parser.add_argument("--question", default="What is LayoutParser?")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=float, default=2.0, help="of text that is indexed")
    options = parser.parse_args()
    if CHROMIUM is None or not options.pdf.is_file() or not read_articles("en"):
        print("skipped: it needs Chromium, the corpus and the questions")
        return 0
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        place = Path(folder)
        for name in ("first", "second"):
            (place / name).mkdir()
        first = first_use(browser, place, options.pdf, options.question)
        with Chat(place / "second" / "library", **WRITING, **ONE_PASSAGE) as chat:
            page = tab(browser, chat)
            clicked(page, 1)  # pages that were never drawn import what they need
            alone = clicked(page, options.rounds)
            with busy(browser, chat, long_text(options.megabytes)):
                loaded = clicked(page, options.rounds)
    print_table("first use", ["waited for", "s"], [[k, f"{v:.1f}"] for k, v in first.items()])
    rows = [
        [
            name,
            f"{statistics.median(alone[name]):.2f}",
            f"{statistics.median(seconds):.2f}",
            f"{max(seconds):.2f}",
            f"{sum(each <= GOAL_S for each in seconds)} of {len(seconds)}",
        ]
        for name, seconds in loaded.items()
    ]
    head = ["click", "alone, s", f"with {PEOPLE} answers and an ingest, s", "worst", "within 1 s"]
    print_table("clicks", head, rows)
    save_results("chat_use", {"first": first, "alone": alone, "loaded": loaded})
    return 0


if __name__ == "__main__":
    sys.exit(main())
