"""Changing the model while somebody is being answered, in a real Chromium."""

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from running_chat import NEEDED, SLOW, WRITING, Chat, ask, tab

from models.bundled import CHAT_MODEL, bundled_chat_model

pytestmark = NEEDED

LONG = "Explain the slopes of ALiBi, and what RoPE does instead, in detail."


@pytest.fixture(scope="module")
def settings_of_chat() -> dict[str, str]:
    return WRITING


def use(page: Page, path: Path) -> None:
    page.get_by_role("tab", name="Models").click()
    field = page.get_by_label("Path of a GGUF file on this machine")
    if not field.is_visible():
        page.get_by_text("Another file").click()
    field.fill(str(path))
    page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()


def stop(page: Page) -> None:
    page.locator(".st-key-stop button").click()
    expect(page.locator(".st-key-stop")).to_have_count(0, timeout=SLOW)


def test_a_change_waits_for_an_answer_and_the_next_one_comes_from_the_new_model(
    chat: Chat, browser: Browser, tmp_path: Path
) -> None:
    other, broken = tmp_path / "other.gguf", tmp_path / "broken.gguf"
    shutil.copyfile(bundled_chat_model(), other)
    broken.write_bytes(bundled_chat_model().read_bytes()[:100_000])
    asking = tab(browser, chat)
    ask(asking, LONG)
    expect(asking.locator(".kv-answer")).to_have_text(re.compile(r"\w{3}"), timeout=SLOW)

    engine = tab(browser, chat, path="/engine")
    model, change = engine.locator(".kv-model b"), engine.locator(".kv-change")
    expect(model).to_have_text(CHAT_MODEL)
    use(engine, other)
    expect(change).to_have_text("Waiting for an answer under way", timeout=SLOW)
    ask(asking, LONG)
    stop(asking)  # both: the one that is written, and the one that waits
    expect(change).to_contain_text("Answers now come from other.", timeout=SLOW)
    expect(model).to_have_text("other")
    ask(asking, LONG)
    expect(asking.locator(".kv-answer").last).to_have_text(re.compile(r"\w{3}"), timeout=SLOW)
    stop(asking)

    engine.get_by_role("button", name="OK").click()
    expect(change).to_have_count(0)
    use(engine, broken)
    expect(change).to_contain_text("The model of before still answers.", timeout=SLOW)
    expect(model).to_have_text("other")


@pytest.mark.parametrize(
    ("locale", "words"),
    [("en-US", ("Engine", "Quality")), ("zh-CN", ("引擎", "质量"))],
)
def test_both_pages_are_there_in_both_languages(
    chat: Chat, browser: Browser, locale: str, words: tuple[str, str]
) -> None:
    page = tab(browser, chat, locale=locale)
    for name in words:
        page.get_by_role("link", name=name).click()
        expect(page.locator(".kv-title h1")).to_have_text(name)
        expect(page.get_by_test_id("stException")).to_have_count(0)
