"""The source beside the chat, with the real models, in a real Chromium."""

import re
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from running_chat import NEEDED, SLOW, WRITING, Chat, ask, end, tab

sys.path.insert(0, str(Path(__file__).parents[1] / "ingest" / "load"))

from scans import pdf_page

pytestmark = NEEDED

QUESTION = "What are the slopes of ALiBi with 8 heads?"
LONG = "Explain the slopes of ALiBi, and what RoPE does instead, in detail."
PLACE = "Position encodings · p. 4"


@pytest.fixture(scope="module")
def settings_of_chat() -> dict[str, str]:
    return WRITING


def passage(page: Page, name: str = PLACE) -> Locator:
    found = page.locator('[class*="st-key-passage-"]').get_by_role("button").filter(has_text=name)
    expect(found.first).to_be_visible(timeout=SLOW)
    return found.first


def box(place: Locator) -> dict[str, float]:
    found = place.bounding_box()
    assert found
    return dict(found)


def words(page: Page, more_than: int = 0) -> str:
    answer = page.locator(".kv-answer").last
    expect(answer).to_have_text(re.compile(rf"^[\s\S]{{{more_than + 1},}}$"), timeout=SLOW)
    return answer.inner_text()


def test_while_an_answer_is_written_its_source_is_read_and_nothing_is_lost(
    chat: Chat, browser: Browser
) -> None:
    page = tab(browser, chat)
    page.set_viewport_size({"width": 1400, "height": 900})
    ask(page, LONG)
    before = words(page, 20)
    passage(page, "Position encodings · p. 3").click()
    mark = page.locator(".kv-paper .kv-box").first
    expect(mark).to_be_in_viewport(timeout=SLOW)
    panel, entry = box(page.locator(".st-key-source")), box(page.get_by_test_id("stChatInput"))
    assert panel["x"] + panel["width"] == pytest.approx(1400, abs=2)
    assert entry["x"] + entry["width"] <= panel["x"]  # beside, not over
    further = words(page, len(before) + 20)
    assert further.startswith(before[:20])

    page.locator(".st-key-source-after button:visible").click()
    expect(page.locator(".st-key-source-tools")).to_contain_text("Page 4 of 5", timeout=SLOW)
    expect(page.locator(".kv-box")).to_have_count(0)
    page.locator(".st-key-source-as").get_by_text("Text").click()
    expect(page.locator(".kv-page")).to_contain_text("With 8 heads the slopes", timeout=SLOW)
    page.locator(".st-key-close-source button:visible").click()
    expect(page.locator(".st-key-source")).to_have_count(0)
    assert words(page, len(further) + 10).startswith(before[:20])
    end(page)
    page.context.close()


def test_the_page_is_enlarged_by_a_click_and_the_chat_goes_on_beside_it(
    chat: Chat, browser: Browser
) -> None:
    page = tab(browser, chat)
    page.set_viewport_size({"width": 1280, "height": 800})
    ask(page, QUESTION)
    words(page)
    end(page)
    passage(page).click()
    mark = page.locator(".kv-paper .kv-box").first
    expect(mark).to_be_in_viewport(timeout=SLOW)
    narrow = box(page.locator(".kv-paper"))["width"]
    page.locator(".kv-paper").click(position={"x": 30, "y": 30}, force=True)
    assert box(page.locator(".kv-paper"))["width"] > 1.5 * narrow
    expect(mark).to_be_in_viewport()
    ask(page, "Which RoPE base does Llama 3 use?")
    expect(page.locator(".kv-question")).to_have_count(2, timeout=SLOW)
    words(page)
    end(page)
    expect(mark).to_be_in_viewport()  # still there, as large as it was
    assert box(page.locator(".kv-paper"))["width"] > 1.5 * narrow
    page.get_by_test_id("stChatInput").locator("textarea").focus()
    page.keyboard.press("Escape")
    expect(page.locator(".st-key-source")).to_have_count(0)
    page.context.close()


def test_on_a_phone_the_source_is_over_the_chat_and_one_tap_brings_that_back(
    chat: Chat, browser: Browser
) -> None:
    page = tab(browser, chat, "zh-CN")
    page.set_viewport_size({"width": 390, "height": 844})
    ask(page, "ALiBi with 8 heads: which slopes?")
    words(page)
    end(page)
    passage(page, "Position encodings").click()
    expect(page.locator(".kv-paper .kv-box").first).to_be_in_viewport(timeout=SLOW)
    panel = box(page.locator(".st-key-source"))
    assert (panel["x"], panel["width"]) == (0, 390)
    expect(page.locator(".st-key-source-tools")).to_contain_text("共 5 页")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".st-key-close-source button:visible").click()
    expect(page.locator(".st-key-source")).to_have_count(0)
    expect(page.get_by_test_id("stChatInput")).to_be_in_viewport()
    page.context.close()


def test_a_pdf_that_was_just_uploaded_is_shown_with_the_sentence_marked(
    chat: Chat, browser: Browser, tmp_path: Path
) -> None:
    page = tab(browser, chat)
    page.set_viewport_size({"width": 1400, "height": 900})
    data = pdf_page(
        tmp_path / "a.pdf", "The house colour of Runa Holding is ultramarine."
    ).read_bytes()
    page.get_by_test_id("stChatInput").locator("input[type=file]").set_input_files(
        [{"name": "mine & yours.pdf", "mimeType": "application/pdf", "buffer": data}]
    )
    ask(page, "What is the house colour of Runa Holding?")
    words(page)
    end(page)
    passage(page, "mine & yours").click()
    expect(page.locator(".kv-paper .kv-box").first).to_be_in_viewport(timeout=SLOW)
    expect(page.locator(".st-key-source-head")).to_contain_text("mine & yours.pdf · uploaded here")
    page.context.close()
