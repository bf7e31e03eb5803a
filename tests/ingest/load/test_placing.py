"""Words of one text found in another that is spaced, hyphenated and ordered otherwise."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.load.placing import Letters, place

words = st.lists(st.text("abcdefgäß字段落é1", min_size=1, max_size=12), min_size=1, max_size=40)


def placed(wanted: str, text: str, other: str, nth: int = 0) -> list[str]:
    start = -1
    for _ in range(nth + 1):
        start = text.index(wanted, start + 1)
    span = (start, start + len(wanted))
    return [other[a:b] for a, b in place(span, Letters.of(text), Letters.of(other))]


@given(words, st.data())
def test_any_words_are_found_however_lines_are_broken(
    parts: list[str], data: st.DataObject
) -> None:
    text = " ".join(parts)
    gaps = st.sampled_from([" ", "\r\n", "  ", "\n", "\u00ad\n"])
    other = "".join(part + data.draw(gaps) for part in parts)
    first = data.draw(st.integers(0, len(parts) - 1))
    last = data.draw(st.integers(first, len(parts) - 1))
    start = len(" ".join(parts[:first])) + bool(first)
    end = len(" ".join(parts[: last + 1]))
    [(a, b)] = place((start, end), Letters.of(text), Letters.of(other))
    assert Letters.of(other[a:b]).folded == Letters.of(text[start:end]).folded


def test_broken_words_ligatures_and_accents_are_the_same_words() -> None:
    other = "An e\ufb03cient cafe\u0301 was re\x02\r\nopened in Paris."
    assert placed("efficient café was reopened", "An efficient café was reopened.", other) == [
        "e\ufb03cient cafe\u0301 was re\x02\r\nopened"
    ]


def test_the_stop_and_the_quotes_around_a_sentence_belong_to_it() -> None:
    text = "He said: “It is cold.” Then he left."
    assert placed("“It is cold.”", text, "He said:\n“It is\ncold.”\nThen he left.") == [
        "“It is\ncold.”"
    ]


def test_what_stands_several_times_is_found_where_its_surroundings_are_the_same() -> None:
    text = "North: 5 ships. South: 7 ships. The rest stayed. North: 5 ships. West: none."
    other = "North: 5\nships. South: 7 ships. The rest stayed. North:\n5 ships. West: none."
    assert placed("North: 5 ships.", text, other, nth=0) == ["North: 5\nships."]
    assert placed("North: 5 ships.", text, other, nth=1) == ["North:\n5 ships."]


def test_the_same_words_without_surroundings_are_told_apart_by_where_they_stand() -> None:
    text = "same words. " * 20
    span = (12 * 14, 12 * 14 + 11)
    [(start, _)] = place(span, Letters.of(text), Letters.of(text))
    assert start == span[0]


def test_a_sentence_that_a_footnote_parts_is_found_in_two_pieces() -> None:
    text = "The harbour was closed in winter because of the ice.\n\n1 See the log of the master."
    other = "The harbour was closed in\n1 See the log of the master.\nwinter because of the ice."
    found = placed("The harbour was closed in winter because of the ice.", text, other)
    assert [" ".join(piece.split()) for piece in found] == [
        "The harbour was closed in",
        "winter because of the ice",
    ]


def test_words_that_stand_nowhere_have_no_place() -> None:
    text = "The harbour was closed in winter."
    assert placed(text, text, "Completely different words are on this page.") == []
    assert placed(text, text, "") == []
    assert place((0, 3), Letters.of("—!?"), Letters.of("—!?")) == []
    assert place((5, 2), Letters.of(text), Letters.of(text)) == []
