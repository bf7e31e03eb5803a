"""Signing in by OpenID Connect, in a real Chromium: a door, and conversations of one's own."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

sys.path.insert(0, str(Path(__file__).parent))

from identity_provider import Provider
from running_chat import NEEDED, Chat, ask, free_port

pytestmark = NEEDED
HELLO = "What would you like to know?"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture
def chat(tmp_path: Path, provider: Provider) -> Iterator[Chat]:
    port = free_port()
    secrets = tmp_path / ".streamlit" / "secrets.toml"
    secrets.parent.mkdir()
    secrets.write_text(provider.section(f"http://127.0.0.1:{port}"))
    with Chat(tmp_path / "library", port, AUTHLIB_INSECURE_TRANSPORT="1") as chat:
        yield chat
        assert chat.interrupt() == 0
    assert "Traceback" not in chat.said()


def at_the_door(browser: Browser, chat: Chat, path: str = "") -> Page:
    page = browser.new_context(locale="en-US").new_page()
    page.goto(chat.address + path)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    return page


def enter(page: Page) -> None:
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".kv-hello h1")).to_have_text(HELLO)


def test_conversations_belong_to_who_signed_in_and_the_door_shows_nothing(
    chat: Chat, browser: Browser, provider: Provider
) -> None:
    provider.person = {"sub": "1", "email": "ada@example.org", "name": "Ada <b>"}
    ada = at_the_door(browser, chat)
    expect(ada.get_by_test_id("stSidebarNavLink")).to_have_count(0)
    expect(ada.get_by_test_id("stChatInput")).to_have_count(0)
    enter(ada)
    expect(ada.locator(".st-key-signed-in")).to_contain_text("Ada <b>")
    ask(ada, "Who introduced grouped-query attention?")
    expect(ada.locator(".kv-support")).to_have_count(1)
    own = "/" + ada.url.removeprefix(chat.address).lstrip("/")
    ada.reload()
    expect(ada.locator(".kv-question")).to_have_text("Who introduced grouped-query attention?")

    provider.person = {"sub": "2", "email": "bob@example.org"}
    bob = at_the_door(browser, chat, own)
    enter(bob)
    expect(bob.locator(".st-key-signed-in")).to_contain_text("bob@example.org")
    bob.goto(chat.address + own)  # somebody else's conversation, by its address
    expect(bob.locator(".kv-hello h1")).to_have_text(HELLO)
    expect(bob.locator(".kv-question")).to_have_count(0)
    expect(bob.locator('[class*="st-key-open-chat-"]')).to_have_count(0)

    ada.get_by_role("button", name="Sign out").click()
    expect(ada.get_by_role("button", name="Sign in")).to_be_visible()
    expect(ada.locator(".kv-question")).to_have_count(0)
