from email.message import EmailMessage

import pytest
from scans import as_bytes, drawn

from ingest.errors import DocumentError
from ingest.load.mail import parse, parse_web_archive


def _mail(**headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in {"From": "Ann <ann@example.org>", "Subject": "会议", **headers}.items():
        message[name] = value
    return message


def test_headers_body_and_attachments_are_lines(write) -> None:
    message = _mail(To="bob@example.org")
    message.set_content("Hello Bob,\n\n明天见。\n")
    message.add_alternative("<p>html</p>", subtype="html")
    message.add_attachment(b"x", maintype="application", subtype="pdf", filename="计划.pdf")
    pages, title = parse(write("a.eml", message.as_bytes()))
    assert pages[0].text == (
        "From: Ann <ann@example.org>\nTo: bob@example.org\nSubject: 会议\n\n"
        "Hello Bob,\n\n明天见。\n\nAttachments: 计划.pdf"
    )
    assert title == "会议"


def test_a_body_in_html_alone_is_read(write) -> None:
    message = _mail()
    message.set_content("<h1>Head</h1><table><tr><td>a<td>b</table>", subtype="html")
    page = parse(write("a.eml", message.as_bytes()))[0][0]
    assert page.text.endswith("Head\n\na | b")
    assert page.text[page.headings[0].start :].startswith("Head")


def test_a_wrong_charset_and_raw_bytes_in_headers_are_mended(write) -> None:
    head = "From: a@b.c\nSubject: 中文\nContent-Type: text/plain; charset=us-ascii\n\n"
    pages, title = parse(write("a.eml", head.encode() + "正文内容在这里。".encode("gbk")))
    assert title == "中文"
    assert pages[0].text.endswith("正文内容在这里。")


def test_headers_against_the_grammar_do_not_matter(write) -> None:
    data = b"From: <<@@>, ;;\nTo: \nDate: someday\nSubject: =?x-none?B?!!?=\n\nbody"
    assert parse(write("a.eml", data))[0][0].text.endswith("body")


def test_what_has_no_headers_is_no_mail(write) -> None:
    with pytest.raises(DocumentError, match="not a mail message"):
        parse(write("a.eml", "just text"))


def test_a_saved_web_page_is_its_html_part(write) -> None:
    message = EmailMessage()
    message["Subject"] = "Page"
    message.set_content("<title>Saved</title><h1>On <b>tea</b></h1><p>Text.</p>", subtype="html")
    message.add_related(b"GIF89a", "image", "gif", cid="<x>")
    pages, title = parse_web_archive(write("a.mhtml", message.as_bytes()))
    assert (pages[0].text, title) == ("On tea\n\nText.", "Saved")
    with pytest.raises(DocumentError, match="no HTML part"):
        parse_web_archive(write("b.mhtml", "Subject: x\n\ntext"))


def test_pictures_attached_are_read_behind_their_names(write, sizes_seen: None) -> None:
    message = _mail()
    message.set_content("See below.")
    data = as_bytes(drawn([], (300, 200)))
    message.add_attachment(data, maintype="image", subtype="png", filename="bill.png")
    text = parse(write("a.eml", message.as_bytes()))[0][0].text
    assert text.endswith("See below.\n\nAttachments: bill.png\n\nbill.png:\n\n300 by 200")
