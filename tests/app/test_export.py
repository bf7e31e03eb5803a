"""Conversations as files: nothing in them becomes markup, and nothing is left out."""

import json
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as some
from langchain_core.documents import Document
from langchain_core.messages.content import create_citation
from markdown_it import MarkdownIt

from app.choice import Choice
from app.conversation import Answer, Conversation, Delivery, File, Turn
from app.export import FORMATS, file_name
from app.export_markdown import plain
from app.texts_en import ENGLISH
from app.texts_zh import CHINESE

NASTY = some.text(some.sampled_from("<>&\"'`*_[]()!#-+=~|:\\1. \n\tab中\u2028"), max_size=30)
OURS = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "div", "blockquote",
    "span", "sup",
}  # fmt: skip


def talk(question: str, answer: str, passage: str, title: str = "t") -> Conversation:
    """A conversation in which all of these are said, the answer cited and its end flagged."""
    metadata = {"source": "upload:" + title, "title": title, "label": "4", "start": 0}
    said = Answer(
        "done",
        answer + " And more.",
        sources=[Document("not cited"), Document(passage, metadata=metadata)],
        citations=[create_citation(start_index=0, end_index=len(answer), passage=1)],
    )
    start = len(answer) + 1
    said.flagged = [
        {"start": start, "end": start + 9, "reason": "", "kind": "number", "what": "4<2",
         "nowhere": True, "instead": ""}
    ]  # fmt: skip
    files = Delivery([File(title, state="added"), File("bad", state="failed", reason="x")])
    return Conversation([files, Turn(question, said)], title=title)


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text, self.tags, self.loads = "", set[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.loads += [name for name, _ in attrs if name in ("src", "href") or name[:2] == "on"]

    def handle_data(self, data: str) -> None:
        self.text += data


@given(question=NASTY, answer=NASTY, passage=NASTY, title=NASTY)
def test_html_says_all_of_it_with_no_tag_but_ours(
    question: str, answer: str, passage: str, title: str
) -> None:
    reader = Reader()
    reader.feed(FORMATS["HTML"][2](talk(question, answer, passage, title), ENGLISH))
    assert reader.tags <= OURS
    assert reader.loads == []
    for said in (question, answer, passage, title, "[2]", " And more."):
        assert said in reader.text
    assert "not cited" not in reader.text


@given(question=NASTY, answer=NASTY, passage=NASTY, title=NASTY)
def test_markdown_has_no_structure_but_ours(
    question: str, answer: str, passage: str, title: str
) -> None:
    text = FORMATS["Markdown"][2](talk(question, answer, passage, title), ENGLISH)
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    kinds = {token.type for token in tokens}
    kinds |= {inner.type for token in tokens for inner in token.children or []}
    assert not kinds & {"html_block", "html_inline", "image", "link_open", "code_inline", "fence"}
    assert not kinds & {"code_block", "bullet_list_open", "ordered_list_open", "table_open", "hr"}
    headings = [token.tag for token in tokens if token.type == "heading_open"]
    assert headings in (["h1", "h2"], ["h2"], ["h1"], [])  # fewer where a title is blank
    strong = [
        inner for token in tokens for inner in token.children or [] if inner.type == "em_open"
    ]
    assert strong == []


@given(NASTY)
def test_plain_markdown_reads_as_the_text_itself(text: str) -> None:
    read = "".join(
        {"softbreak": "\n", "hardbreak": "\n"}.get(inner.type, inner.content)
        for token in MarkdownIt("commonmark").parse(plain(text))
        for inner in token.children or []
    )
    assert "".join(read.split()) == "".join(text.split())


def test_markdown_for_people_to_read() -> None:
    text = FORMATS["Markdown"][2](
        talk("What is\nALiBi?", "A bias.", "ALiBi is a bias.\n- by Press", "positions.pdf"), ENGLISH
    )
    assert text == (
        "# positions.pdf\n\n"
        "Files added: positions.pdf\n\n"
        "## What is ALiBi?\n\n"
        "A bias. \\[2\\] And more. (“4\\<2” stands in no passage)\n\n"
        "**Sources**\n\n"
        "\\[2\\] positions.pdf · p. 4 (upload:positions.pdf)\n\n"
        "> ALiBi is a bias.  \n> \\- by Press\n"
    )


def test_what_was_stopped_or_failed_says_so_in_the_interfaces_language() -> None:
    stopped = Turn("Who?", Answer("stopped", "In 19"))
    silent = Turn("Why?", Answer("stopped"))
    failed = Turn("What?", Answer("failed", error="no model"))
    conversation = Conversation([stopped, silent, failed], title="t")
    for name in ("Markdown", "HTML"):
        text = FORMATS[name][2](conversation, CHINESE)
        for said in ("In 19", CHINESE.stopped, CHINESE.stopped_silent, "no model"):
            assert said in text


def test_json_holds_everything_that_is_kept() -> None:
    conversation = talk("Who?", "Cats.", "Cats sleep.")
    conversation.entries[1].thumb = 1  # type: ignore[union-attr]
    data = json.loads(FORMATS["JSON"][2](conversation, ENGLISH))
    files, turn = data["entries"]
    assert [file["name"] for file in files["files"]] == ["t", "bad"]
    assert (turn["question"], turn["answer"]) == ("Who?", "Cats. And more.")
    assert turn["sources"][1]["text"] == "Cats sleep."
    assert turn["citations"][0]["extras"]["passage"] == 1
    assert turn["feedback"] == {"thumb": 1, "comment": ""}


def test_files_get_names_that_every_system_takes() -> None:
    assert file_name("Q8_0 每块占多少字节？", "md") == "Q8_0-每块占多少字节.md"
    assert file_name("../../etc/<passwd>", "html") == "etc-passwd.html"
    assert file_name("…", "json") == "chat.json"


def test_an_export_says_which_documents_might_be_used() -> None:
    choice = Choice(("upload:a *b*.pdf", "/docs/c.txt"), ("/docs/reports",))
    turns = [Turn("Who?", choice=choice), Turn("Why?", choice=Choice(("/docs/c.txt",))), Turn("?")]
    conversation = Conversation([*turns], title="t", choice=choice)
    text = FORMATS["Markdown"][2](conversation, ENGLISH)
    assert "# t\n\nLimited to: reports/, a \\*b\\*.pdf, c.txt\n\n## Who?\n\n" in text
    assert "## Why?\n\nLimited to: c.txt\n\n" in text
    assert text.endswith(f"## ?\n\n{ENGLISH.all_documents}\n")
    page = FORMATS["HTML"][2](conversation, CHINESE)
    assert "限于：reports/, a *b*.pdf, c.txt</div>" in page
    assert f'<h2 dir="auto">?</h2>\n<div class="note">{CHINESE.all_documents}</div>' in page
    data = json.loads(FORMATS["JSON"][2](conversation, ENGLISH))
    assert data["limited_to"]["folders"] == ["/docs/reports"]
    assert [turn["limited_to"] for turn in data["entries"]] == [
        {"sources": ["upload:a *b*.pdf", "/docs/c.txt"], "folders": ["/docs/reports"]},
        {"sources": ["/docs/c.txt"], "folders": []},
        None,
    ]


def test_an_export_of_a_conversation_over_all_documents_says_nothing_of_it() -> None:
    conversation = Conversation([Turn("Who?")], title="t")
    assert FORMATS["Markdown"][2](conversation, ENGLISH) == "# t\n\n## Who?\n"
    assert "note" not in FORMATS["HTML"][2](conversation, ENGLISH).split("<body>")[1]
