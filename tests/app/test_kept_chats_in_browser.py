"""Conversations that are kept, with the real models, in a real Chromium."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from running_chat import NEEDED, SLOW, WRITING, Chat, ask, end, tab, words_of

pytestmark = NEEDED

LONG = "Explain attention, multi-query attention and grouped-query attention in detail."
OTHER = "Explain what the KV cache of a language model holds and how large it is, in detail."
STOPPED = "Stopped. What was written is kept."


@pytest.fixture(scope="module")
def settings_of_chat() -> dict[str, str]:
    return WRITING


def writing(page: Page, more_than: int = 0) -> str:
    """The words of the answer that is being written, once there are so many characters."""
    words = page.locator(".kv-answer").last
    expect(words).to_have_text(re.compile(rf"^[\s\S]{{{more_than + 1},}}$"), timeout=SLOW)
    return words.inner_text()


def stop(page: Page) -> None:
    page.locator(".st-key-stop button").click()
    expect(page.locator(".st-key-stop")).to_have_count(0, timeout=SLOW)
    expect(page.get_by_text(STOPPED).last).to_be_visible(timeout=SLOW)
    expect(page.locator('.stApp[data-test-script-state="notRunning"]')).to_have_count(1)


def opened(browser: Browser, address: str, locale: str = "en-US") -> Page:
    page = browser.new_context(locale=locale).new_page()
    page.set_default_timeout(SLOW)
    page.goto(address)
    return page


def named(page: Page) -> str:
    expect(page).to_have_url(re.compile("chat=[0-9a-f]{32}"))
    found = re.search("chat=([0-9a-f]{32})", page.url)
    assert found
    return found[1]


def row(page: Page, title: str) -> Locator:
    rows = page.locator('[class*="st-key-chat-row-"], [class*="st-key-chat-now-"]')
    return rows.filter(has_text=title)


def unfold(page: Page, title: str) -> None:
    row(page, title).first.locator('[class*="st-key-menu-"] button').first.click()
    expect(page.locator(".st-key-chat-menu")).to_be_visible()


def test_a_reload_in_the_middle_of_an_answer_loses_nothing(chat: Chat, browser: Browser) -> None:
    page = tab(browser, chat)
    ask(page, LONG)
    before = writing(page, 40)
    page.reload()
    assert writing(page, len(before)).startswith(before[:40])  # it went on meanwhile
    further = writing(page, len(before) + 40)  # and goes on
    expect(page.locator(".kv-snippet mark").first).to_be_visible()
    stop(page)
    expect(page.locator(".answer")).to_contain_text(further[:40])
    expect(page.locator(".kv-question")).to_have_text(LONG)

    kept = words_of(page.locator(".answer"))
    again = opened(browser, page.url)  # whoever opens it later sees it as it was left
    expect(again.locator(".answer")).to_have_text(kept, timeout=SLOW)
    expect(again.get_by_text(STOPPED)).to_be_visible()
    again.context.close()
    page.context.close()


def test_an_answer_goes_on_when_its_tab_is_closed(chat: Chat, browser: Browser) -> None:
    page = tab(browser, chat)
    ask(page, LONG)
    before = writing(page, 20)
    address = page.url
    page.context.close()
    later = opened(browser, address)
    assert writing(later, len(before) + 40).startswith(before[:20])
    stop(later)
    later.context.close()


def test_no_click_stops_an_answer_and_the_next_question_waits_for_it(
    chat: Chat, browser: Browser
) -> None:
    page = tab(browser, chat)
    ask(page, LONG)
    before = writing(page, 20)
    page.locator('[class*="st-key-passage-"] button').first.click()
    expect(page.locator(".kv-page, .kv-paper")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".st-key-source")).to_have_count(0)
    further = writing(page, len(before) + 20)
    ask(page, OTHER)
    expect(page.get_by_text("Your question is in the queue: 1 ahead of it")).to_be_visible()
    expect(page.locator(".kv-answer")).to_have_text(
        re.compile(rf"^[\s\S]{{{len(further) + 20},}}$"), timeout=SLOW
    )
    stop(page)
    expect(page.get_by_text(STOPPED)).to_have_count(1)
    expect(page.get_by_text("Stopped before the first word.")).to_be_visible()
    page.context.close()


def test_two_people_at_once_each_have_their_own_stream(chat: Chat, browser: Browser) -> None:
    one, other = tab(browser, chat), tab(browser, chat)
    ask(one, LONG)
    ask(other, OTHER)
    first, second = writing(one, 60), writing(other, 60)
    assert first[:60] != second[:60]
    assert named(one) != named(other)
    assert one.locator(".kv-question").all_inner_texts() == [LONG]
    assert other.locator(".kv-question").all_inner_texts() == [OTHER]
    stop(one)
    more = writing(other, len(other.locator(".kv-answer").inner_text()) + 20)  # it did not stop
    assert more.startswith(second[:40])

    watching = opened(browser, other.url)  # two tabs on one conversation
    assert writing(watching, 60).startswith(second[:40])
    stop(watching)
    expect(other.get_by_text(STOPPED)).to_be_visible(timeout=SLOW)
    expect(other.locator(".answer")).to_have_text(words_of(watching.locator(".answer")))
    for page in (one, other, watching):
        page.context.close()


def test_conversations_are_found_renamed_saved_deleted_and_had_back(
    chat: Chat, browser: Browser
) -> None:
    page = tab(browser, chat)
    ask(page, "Which RoPE base does Llama 3 use, please?")
    writing(page, 10)
    end(page)
    chat_id = named(page)
    unfold(page, "Which RoPE base")
    page.locator(".st-key-chat-menu input").fill("Rotary bases <b>")
    page.locator(".st-key-chat-menu input").press("Enter")
    expect(row(page, "Rotary bases <b>")).to_have_count(1)

    page.get_by_placeholder("Find a conversation").fill("LLAMA please")
    page.get_by_placeholder("Find a conversation").press("Enter")
    expect(row(page, "")).to_have_count(1)
    expect(row(page, "Rotary bases <b>")).to_have_count(1)

    unfold(page, "Rotary bases")
    for name, ending in (("Markdown", "md"), ("HTML", "html"), ("JSON", "json")):
        with page.expect_download() as started:
            page.locator(".st-key-chat-exports").get_by_role("button", name=name).click()
        assert started.value.suggested_filename == f"Rotary-bases-b.{ending}"
        text = Path(started.value.path()).read_text("utf-8")
        assert "Which RoPE base does Llama 3 use, please?" in text
        if ending == "json":
            assert json.loads(text)["title"] == "Rotary bases <b>"
        if ending == "html":
            assert '<h1 dir="auto">Rotary bases &lt;b&gt;</h1>' in text

    page.locator(".st-key-chat-menu").get_by_role("button", name="Delete").click()
    expect(page.locator(".kv-hello")).to_be_visible()
    expect(row(page, "Rotary bases")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(row(page, "Rotary bases")).to_have_count(1)
    expect(page.locator(".kv-question")).to_have_text("Which RoPE base does Llama 3 use, please?")
    assert named(page) == chat_id
    page.context.close()


def test_new_chat_and_back_and_the_documents_page_lead_to_conversations(
    chat: Chat, browser: Browser
) -> None:
    page = tab(browser, chat)
    ask(page, LONG)
    writing(page, 10)
    stop(page)
    address = named(page)
    page.locator(".st-key-new-chat button").click()
    expect(page.locator(".kv-hello")).to_be_visible()
    page.go_back()
    expect(page.locator(".kv-question")).to_have_text(LONG)
    page.get_by_test_id("stSidebarNavLink").nth(1).click()
    expect(page.locator(".kv-title")).to_be_visible()
    row(page, "Explain attention").first.get_by_role("button").first.click()
    expect(page.locator(".kv-question")).to_have_text(LONG)
    assert named(page) == address
    page.context.close()


def test_an_answer_is_rated_had_again_and_the_question_changed(
    chat: Chat, browser: Browser
) -> None:
    page = tab(browser, chat)
    ask(page, LONG)
    writing(page, 10)
    stop(page)
    page.locator('[class*="st-key-thumb-"] button').last.click()
    page.get_by_placeholder("What was good or wrong about it?").fill("too long")
    page.get_by_placeholder("What was good or wrong about it?").press("Enter")
    page.reload()
    expect(page.get_by_placeholder("What was good or wrong about it?")).to_have_value("too long")
    page.get_by_role("button", name="Answer again").click()
    writing(page, 10)
    stop(page)
    page.get_by_role("button", name="Edit the question").click()
    page.locator(".st-key-edit-question textarea").fill(OTHER)
    page.locator(".st-key-ask-edited button").click()
    expect(page.locator(".kv-question")).to_have_text(OTHER)
    writing(page, 10)
    stop(page)
    expect(page.locator(".kv-question")).to_have_count(1)
    page.context.close()


def test_the_list_speaks_chinese(chat: Chat, browser: Browser) -> None:
    page = tab(browser, chat, "zh-CN")
    ask(page, "请详细介绍分组查询注意力。")
    writing(page, 5)
    page.locator(".st-key-stop button").click()
    expect(page.get_by_text("已停止。写好的部分会保留。")).to_be_visible(timeout=SLOW)
    page.get_by_placeholder("查找对话").fill("分组查询")
    page.get_by_placeholder("查找对话").press("Enter")
    expect(row(page, "")).to_have_count(1)
    unfold(page, "请详细介绍")
    menu = page.locator(".st-key-chat-menu")
    expect(menu).to_contain_text("保存为")
    menu.get_by_role("button", name="删除").click()
    expect(page.locator(".st-key-undo")).to_contain_text("“请详细介绍分组查询注意力。”已删除。")
    page.context.close()


def test_after_the_server_was_killed_half_an_answer_is_there_as_stopped(
    chat: Chat, folder: Path, browser: Browser
) -> None:
    with Chat(folder, **WRITING) as killed:
        page = tab(browser, killed)
        ask(page, LONG)
        words = writing(page, 200)
        address = f"/?chat={named(page)}"
        reader = opened(browser, chat.address + address)  # another server reads along
        assert writing(reader, 100)[:40] == words[:40]
        killed.kill()
    expect(reader.get_by_text(STOPPED)).to_be_visible(timeout=SLOW)
    reader.context.close()

    later = opened(browser, chat.address + address)
    expect(later.get_by_text(STOPPED)).to_be_visible(timeout=SLOW)
    expect(later.locator(".answer")).to_contain_text(words[:40])
    assert len(words_of(later.locator(".answer"))) > 100
    later.context.close()
    page.context.close()
