"""Untrusted text on the page: laws for every text, and the attacks that are known."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.markup import escaped, heading_signs, label, marked, snippet

NASTY = some.text(alphabet=some.sampled_from("<>&\"'/=! ab;#x-[]()`*_:$\\\n中"), max_size=60)
TEXTS = some.one_of(some.text(max_size=60), NASTY)
SPANS = some.lists(some.tuples(some.integers(-5, 70), some.integers(-5, 70)), max_size=6)


class Seen(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


@given(TEXTS)
def test_no_text_makes_a_tag_or_ends_an_attribute(text: str) -> None:
    assert not set(escaped(text)) & set("<>\"'")
    seen = Seen(f'<p title="{escaped(text)}">{escaped(text)}</p>')
    assert seen.tags == [("p", [("title", clean(text))])]
    assert seen.text == clean(text)


@given(TEXTS, SPANS)
def test_marks_are_the_only_tags_and_the_text_stays_whole(
    text: str, spans: list[tuple[int, int]]
) -> None:
    seen = Seen(marked(text, [(a, b, "cited") for a, b in spans]))
    assert all(tag == ("mark", [("class", "cited")]) for tag in seen.tags)
    assert seen.text == clean(text)


def test_what_makes_a_heading_is_told_in_markdown_alone() -> None:
    text = "# One\ntext # no\n   ### Three\n#none\n"
    signs = [text[start:end] for start, end, _ in heading_signs(text, "/a/Notes.MD")]
    assert signs == ["# ", "   ### "]
    assert heading_signs(text, "/a/script.py") == []


@given(TEXTS)
def test_a_label_escapes_every_mark_of_markdown_and_is_one_line(text: str) -> None:
    line = label(text)
    assert "\n" not in line
    assert "\r" not in line
    assert not line.startswith((" ", "\t"))
    assert not re.search(r"(?<!\\)(\\\\)*[!-/:-@\[^-`{-~]", line.replace("\\\\", ""))


@pytest.mark.parametrize(
    "text", ["![x](http://evil/x.png)", ":red[x]", "$x^2$", "[a](http://b)", "<b>", "`c`"]
)
def test_known_markdown_comes_out_as_it_went_in(text: str) -> None:
    unescaped = re.sub(r"\\(.)", r"\1", label(text)).replace("\u2060", "")
    assert unescaped == text
    assert label(text) != text


def test_names_of_emoji_and_icons_stay_names() -> None:
    assert ":smile:" not in label(":smile:").replace("\\", "")


def test_overlapping_spans_get_both_classes() -> None:
    html = marked("abcdef", [(0, 6, "passage"), (2, 4, "cited")])
    assert html == (
        '<mark class="passage">ab</mark><mark class="cited passage">cd</mark>'
        '<mark class="passage">ef</mark>'
    )


@given(TEXTS.map(lambda t: t * 20), SPANS)
def test_a_snippet_lies_in_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    inside = [(a, b) for a, b in spans if 0 <= a < b <= len(text)]
    start, end = snippet(text, inside, longest=40)
    assert 0 <= start <= end <= len(text)
    if inside:
        first = min(inside)
        assert start <= first[0]
        assert end >= min(first[1], first[0] + 80)


def test_a_snippet_does_not_cut_the_next_marked_sentence() -> None:
    text = "One is here. " + "Two goes on and on. " * 20
    assert snippet(text, [(0, 12), (13, 400)], longest=60) == (0, 13)
