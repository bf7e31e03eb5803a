import pytest

from ingest.errors import DocumentError
from ingest.load.webpage import parse

PAGE = """<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>
<html><head><title> A &amp; B </title><style>p {}</style></head><body>
<nav><a>Home</a></nav><header><a>Menu</a></header>
<main><h1>Heading <b>one</b></h1><p>Some <i>text</i>,<script>x()</script> kept.&nbsp;Yes.</p>
<div style="display: none">hidden</div><div hidden>hidden</div><span role="navigation">up</span>
<p>中文段落。</p></main><footer>© somebody</footer></body></html>"""


def test_the_main_part_is_read_and_its_frame_is_not(write) -> None:
    pages, title = parse(write("a.html", PAGE))
    assert pages[0].text == "Heading one\n\nSome text, kept. Yes.\n\n中文段落。"
    assert [(h.start, h.level, h.title) for h in pages[0].headings] == [(0, 1, "Heading one")]
    assert title == "A & B"


def test_a_main_element_without_the_content_is_not_the_main_part(write) -> None:
    html = f"<body><main>short</main><div>{'The text is here. ' * 30}</div></body>"
    assert parse(write("a.html", html))[0][0].text.count("The text is here.") == 30


def test_a_page_without_title_goes_by_its_first_heading(write) -> None:
    assert parse(write("a.html", "<h2>Two</h2><h1>One</h1>"))[1] == "One"


def test_the_declared_encoding_is_heeded(write) -> None:
    html = "<html><meta charset=windows-1250><p>Zażółć gęślą</p>".encode("cp1250")
    assert parse(write("a.html", html))[0][0].text == "Zażółć gęślą"


def test_text_after_what_is_removed_is_kept(write) -> None:
    html = "<p>a<script>1</script>b<nav>2</nav>c</p><script>3</script>d"
    assert parse(write("a.html", html))[0][0].text == "abc\n\nd"


def test_an_empty_document_is_damaged(write) -> None:
    with pytest.raises(DocumentError, match=r"no HTML element|not readable as HTML"):
        parse(write("a.html", "<!-- nothing -->"))


def test_deep_nesting_is_no_danger(write) -> None:
    html = "<div>" * 1500 + "deep" + "</div>" * 1500
    assert parse(write("a.html", html))[0][0].text == "deep"
