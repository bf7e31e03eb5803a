from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from models.engine.sampling import StopFilter

TEXTS = st.text("ab<\n中", max_size=24)
STOPS = st.lists(st.text("ab<\n中", min_size=1, max_size=4), max_size=3).map(tuple)


def before_stop(text: str, stops: tuple[str, ...]) -> str:
    """The law, slowly: read character by character, end where a stop string is complete."""
    for end in range(1, len(text) + 1):
        complete = [stop for stop in stops if text[:end].endswith(stop)]
        if complete:
            return text[: end - max(map(len, complete))]
    return text


def pieces(text: str, cuts: list[int]) -> list[str]:
    at = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[start:end] for start, end in pairwise(at)]


@settings(deadline=None)
@given(TEXTS, STOPS, st.lists(st.integers(0, 100), max_size=8))
def test_however_a_text_is_cut_what_is_shown_ends_before_the_first_stop_string(
    text: str, stops: tuple[str, ...], cuts: list[int]
) -> None:
    shown = StopFilter(stops)
    result = "".join(shown.push(piece) for piece in pieces(text, cuts)) + shown.flush()
    assert result == before_stop(text, stops)
    assert shown.stopped == (len(result) < len(text))
    assert not any(stop in result for stop in stops)


@settings(deadline=None)
@given(TEXTS, STOPS, st.lists(st.integers(0, 100), max_size=8))
def test_only_what_may_become_a_stop_string_is_held_back(
    text: str, stops: tuple[str, ...], cuts: list[int]
) -> None:
    shown, given_so_far, seen = StopFilter(stops), "", ""
    for piece in pieces(text, cuts):
        seen += piece
        given_so_far += shown.push(piece)
        if shown.stopped:
            return
        held = seen[len(given_so_far) :]
        assert seen.startswith(given_so_far)
        assert not held or any(stop.startswith(held) for stop in stops)


def test_after_a_stop_string_nothing_more_is_shown() -> None:
    shown = StopFilter(("END",))
    assert [shown.push("a E"), shown.push("ND b"), shown.push("c"), shown.flush()] == [
        "a ",
        "",
        "",
        "",
    ]


def test_an_empty_stop_string_stops_nothing() -> None:
    assert StopFilter(("",)).push("text") == "text"
