import pytest
from lxml import html

from ingest.load.draft import Draft
from ingest.load.webtext import Writer


def _text(source: str) -> str:
    draft = Draft()
    Writer(draft).write(html.fromstring(f"<body>{source}</body>"))
    return draft.page(1).text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>one</p><p>two <em>three</em></p>", "one\n\ntwo three"),
        ("<div>one<div>two</div>three</div>", "one\ntwo\nthree"),
        ("one<br>two", "one\ntwo"),
        ("<ul><li>a<ul><li>b</li></ul></li><li><p>c</p></li></ul>x", "- a\n- b\n- c\n\nx"),
        ('<ol start="3"><li>a</li><li>b</li></ol>', "3. a\n4. b"),
        ("<p>x</p><pre>  a\n\n    b<br>c\n</pre><p>y</p>", "x\n\n  a\n\n    b\nc\n\ny"),
        ("<dl><dt>term</dt><dd>meaning</dd></dl>", "term\nmeaning"),
        ("<p>x</p><h3>Sub <a>link</a></h3>tail", "x\n\nSub link\n\ntail"),
        ("<table><tr><td>a</td><td>b</td></tr></table>tail", "a | b\n\ntail"),
        ("H<sub>2</sub>O and 中<b>文</b>", "H2O and 中文"),
    ],
)
def test_html_becomes_lines(source: str, text: str) -> None:
    assert _text(source) == text


def test_a_layout_table_is_walked_through() -> None:
    source = "<table><tr><td><h2>Title</h2>left</td><td><p>right</p></td></tr></table>"
    assert _text(source) == "Title\n\nleft\n\nright"
