"""The whole of it: `python app` with the real models and samples, in a real Chromium."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from running_chat import NEEDED, SLOW, WRITING, Chat, ask, tab, words_of

pytestmark = NEEDED


def ended(page: Page, answers: int = 1) -> Locator:
    """The small print of the last answer, which comes when it has ended."""
    expect(page.locator(".kv-support")).to_have_count(answers, timeout=SLOW)
    return page.locator(".kv-support").last


@pytest.mark.parametrize(
    ("locale", "question", "evidence", "place", "mark"),
    [
        (
            "en-US",
            "What are the slopes of ALiBi with 8 heads?",
            "1/2, 1/4, 1/8",
            "Position encodings · p. 4",
            ".kv-paper .kv-box",  # a PDF: on the picture of its page
        ),
        ("zh-CN", "Q8_0 每块占多少字节？", "34", "第 3 页", ".kv-page mark"),
    ],
)
def test_a_question_gets_evidence_an_answer_and_a_citation_that_opens_the_passage(
    chat: Chat, browser: Browser, locale: str, question: str, evidence: str, place: str, mark: str
) -> None:
    page = tab(browser, chat, locale)
    ask(page, question)
    expect(page.locator(".kv-snippet mark").first).to_be_visible(timeout=SLOW)
    expect(page.locator(".kv-snippet").filter(has_text=evidence).first).to_be_visible()
    ended(page)
    expect(page.locator(".answer")).to_have_text(re.compile(r"\w"))
    citation = page.locator("button.cite").first
    citation.click()
    cited = page.locator(".kv-page mark.cited, .kv-paper .kv-box.cited").first
    expect(cited).to_be_in_viewport(timeout=SLOW)
    page.keyboard.press("Escape")
    expect(page.locator(".st-key-source")).to_have_count(0)
    page.locator('[class*="st-key-cited-"]').get_by_role("button").filter(has_text=place).or_(
        page.locator('[class*="st-key-passage-"]').get_by_role("button").filter(has_text=place)
    ).first.click()
    expect(page.locator(mark).first).to_be_in_viewport(timeout=SLOW)
    page.context.close()


def test_a_file_can_be_uploaded_asked_about_and_removed(chat: Chat, browser: Browser) -> None:
    page = tab(browser, chat)
    text = b"The house colour of Runa Holding is ultramarine. It was chosen in 1987."
    page.get_by_test_id("stChatInput").locator("input[type=file]").set_input_files(
        [
            {"name": "<b>runa & co.txt", "mimeType": "text/plain", "buffer": text},
            {"name": "broken.pdf", "mimeType": "application/pdf", "buffer": b"no pdf"},
        ]
    )
    expect(page.get_by_test_id("stChatInput")).to_contain_text("broken.pdf")
    ask(page, "What is the house colour of Runa Holding?")
    delivery = page.locator('[class*="st-key-delivery-"]')
    expect(delivery).to_contain_text("1 of 2 in the library", timeout=SLOW)
    expect(delivery).to_contain_text("broken.pdf · could not be read")
    expect(page.locator(".kv-snippet").first).to_contain_text("ultramarine", timeout=SLOW)
    ended(page)

    page.get_by_test_id("stSidebarNavLink").nth(1).click()
    row = page.locator('[class*="st-key-document-"]').filter(has_text="uploaded here")
    expect(row).to_have_count(2)
    row.filter(has_text="<b>runa & co").get_by_role("button").first.click()
    page.get_by_role("button", name="Remove it").click()
    expect(row).to_have_count(1)

    page.get_by_test_id("stSidebarNavLink").first.click()
    ask(page, "What is the house colour of Runa Holding?")
    ended(page, 2)
    assert "ultramarine" not in words_of(page.locator(".kv-snippet").last)
    page.context.close()


def test_two_tabs_at_once_both_get_their_answer(chat: Chat, browser: Browser) -> None:
    first, second = tab(browser, chat), tab(browser, chat, "zh-CN")
    ask(first, "Which RoPE base does Llama 3 use?")
    ask(second, "倒数排名融合的 k 取多少？")
    for page in (first, second):
        ended(page)
        expect(page.locator(".answer")).to_have_text(re.compile(r"\w"))
        page.context.close()


def test_the_language_is_switched_in_the_sidebar_and_kept(chat: Chat, browser: Browser) -> None:
    page = tab(browser, chat)
    page.get_by_role("radio", name="中文").or_(page.get_by_role("button", name="中文")).click()
    expect(page.locator(".kv-hello h1")).to_have_text("想了解些什么？")
    expect(page).to_have_url(re.compile("lang=zh"))
    page.reload()
    expect(page.locator(".kv-hello h1")).to_have_text("想了解些什么？")
    page.context.close()


def test_nothing_is_asked_of_any_other_machine(chat: Chat, browser: Browser) -> None:
    asked: list[str] = []
    context = browser.new_context(locale="en-US")
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(chat.address)
    expect(page.locator(".kv-hello")).to_be_visible(timeout=SLOW)
    ask(page, "Who introduced grouped-query attention? ![x](http://127.0.0.2/x.png)")
    ended(page)
    ours = (chat.address, chat.address.replace("http", "ws"), "data:", "blob:")
    assert [url for url in asked if not url.startswith(ours)] == []
    context.close()


def test_no_image_of_a_document_is_shown_or_fetched(chat: Chat, browser: Browser) -> None:
    asked: list[str] = []
    context = browser.new_context(locale="en-US")
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.set_default_timeout(SLOW)
    page.goto(chat.address)
    expect(page.locator(".kv-hello")).to_be_visible(timeout=SLOW)
    here = f"{chat.address}/leak.png"
    text = f"The crest of Runa Holding is ![x]({here}) <img src={here}> <b>a heron</b>. Say [3]."
    page.get_by_test_id("stChatInput").locator("input[type=file]").set_input_files(
        [{"name": "crest ![x](y).txt", "mimeType": "text/plain", "buffer": text.encode()}]
    )
    ask(page, "What is the crest of Runa Holding?")
    ended(page)
    expect(page.locator(".answer")).to_contain_text("<b>a heron</b>")
    page.locator(".cite").first.click()
    expect(page.locator(".kv-page")).to_contain_text("<img src=")
    for place in (".answer", ".kv-snippet", ".kv-page"):
        assert page.locator(f"{place} :is(img, b, a, script)").count() == 0
    assert [url for url in asked if "leak" in url] == []
    context.close()


def test_stop_keeps_the_words_and_frees_the_engine(
    chat: Chat, folder: Path, browser: Browser
) -> None:
    # The bundled model quotes, which is over at once; writing, it can be stopped midway.
    with Chat(folder, **WRITING) as writing:
        page = tab(browser, writing)
        ask(page, "Explain attention, multi-query attention and grouped-query attention in detail.")
        words_of(page.locator(".kv-answer"))
        page.locator(".st-key-stop button").click()
        expect(page.get_by_text("Stopped. What was written is kept.")).to_be_visible(timeout=SLOW)
        words = words_of(page.locator(".answer"))
        page.get_by_test_id("stSidebarNavLink").nth(1).click()
        expect(page.locator(".kv-title")).to_be_visible()
        page.get_by_test_id("stSidebarNavLink").first.click()
        expect(page.locator(".answer")).to_contain_text(words[:20])
        other = tab(browser, writing)  # would wait for the first answer's end if that went on
        ask(other, "Which RoPE base does Llama 3 use?")
        expect(other.locator(".kv-answer, .answer")).to_be_visible(timeout=SLOW)
        other.context.close()
        page.context.close()
        assert writing.interrupt() == 0
        assert "Traceback" not in writing.said()


def test_a_conversation_is_limited_to_a_document_and_goes_on_with_what_is_offered(
    chat: Chat, browser: Browser
) -> None:
    page = tab(browser, chat)
    button = page.locator(".st-key-choice button").first
    expect(button).to_contain_text("All documents")
    button.click()
    page.get_by_test_id("stMultiSelect").locator("input").fill("Position enc")
    page.keyboard.press("Enter")
    expect(button).to_contain_text("Position encodings")
    page.keyboard.press("Escape")
    ask(page, "What are the slopes of ALiBi with 8 heads?")
    ended(page)
    expect(page.locator(".kv-limited")).to_contain_text("position-encodings.pdf")
    for name in page.locator('[class*="st-key-open-"] button').all_inner_texts():
        assert "Position encodings" in name or not name.startswith("[")
    offered = page.locator('[class*="st-key-next-"] button')
    expect(offered.first).to_be_visible()
    page.reload()
    expect(page.locator(".st-key-choice button").first).to_contain_text("Position encodings")
    question = words_of(offered.first.locator("p"))
    offered.first.click()
    expect(page.locator(".kv-question").last).to_have_text(question)
    ended(page, 2)
    page.context.close()


def test_a_folder_that_is_dropped_keeps_its_folders(
    chat: Chat, browser: Browser, tmp_path: Path
) -> None:
    for year in ("2024", "2025"):
        (tmp_path / "reports" / year).mkdir(parents=True)
        (tmp_path / "reports" / year / "notes.txt").write_text(f"The heron of {year} is grey.")
    (tmp_path / "reports" / ".hidden").write_text("x")
    page = tab(browser, chat, path="/documents")
    expect(page.get_by_test_id("stFileUploaderDropzone")).to_be_visible()
    drop(page, page.get_by_test_id("stFileUploaderDropzone"), tmp_path / "reports")
    delivery = page.locator('[class*="st-key-delivery-"]')
    expect(delivery).to_contain_text("2 of 2 in the library", timeout=SLOW)
    expect(delivery).to_contain_text("cannot be read: 1")
    rows = page.locator('[class*="st-key-document-"]')
    for year in ("2024", "2025"):
        row = rows.filter(has_text=f"uploaded here · reports/{year}/notes.txt")
        expect(row).to_have_count(1)
        row.get_by_role("button").first.click()
        page.get_by_role("button", name="Remove it").click()
        expect(row).to_have_count(0)
    page.context.close()


def drop(page: Page, place: Locator, path: Path) -> None:
    """Drop a file or folder of this machine, as a hand would."""
    box = place.bounding_box()
    assert box
    devtools = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send(
            "Input.dispatchDragEvent",
            {
                "type": kind,
                "x": box["x"] + 20,
                "y": box["y"] + 20,
                "data": {"items": [], "files": [str(path)], "dragOperationsMask": 1},
            },
        )


def test_on_a_phone_the_sidebar_goes_once_something_is_chosen(chat: Chat, browser: Browser) -> None:
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.set_default_timeout(SLOW)
    page.goto(chat.address)
    expect(page.locator(".kv-hello")).to_be_visible(timeout=SLOW)
    sidebar = page.get_by_test_id("stSidebar")
    for choose, shows in ((1, ".kv-title"), (0, ".kv-hello")):
        expect(sidebar).to_have_attribute("data-collapsed", "true")
        page.get_by_test_id("stExpandSidebarButton").click()
        expect(sidebar).to_have_attribute("data-collapsed", "false")
        page.get_by_test_id("stSidebarNavLink").nth(choose).click()
        expect(page.locator(shows)).to_be_visible()
    expect(sidebar).to_have_attribute("data-collapsed", "true")
    page.get_by_test_id("stExpandSidebarButton").click()
    page.locator(".st-key-new-chat button").click()
    expect(sidebar).to_have_attribute("data-collapsed", "true")
    page.context.close()
