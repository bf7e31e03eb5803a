"""A person's choice among drafts."""

from collections.abc import Callable, Iterator

from chains.evaluation.gold import Gold
from chains.evaluation.sifting import sift

DRAFTS = [
    Gold(question=f"Q{n}?", answers=(f"a{n}",), source="/x.txt", page=n, quote=f"It is a{n}.")
    for n in (1, 2, 3, 4)
]


def typed(*lines: str) -> Callable[[str], str]:
    given = iter(lines)

    def ask(prompt: str) -> str:
        try:
            return next(given)
        except StopIteration:
            raise EOFError from None

    return ask


def kept(*lines: str) -> list[Gold]:
    return list(sift(DRAFTS, lambda line: None, typed(*lines)))


def test_yes_keeps_no_drops_and_q_ends() -> None:
    assert kept("y", "n", "Yes", "q") == [DRAFTS[0], DRAFTS[2]]


def test_the_end_of_the_input_ends_it_and_keeps_what_was_kept() -> None:
    assert kept("y") == DRAFTS[:1]
    assert kept() == []


def test_another_key_asks_again() -> None:
    assert kept("?", "", "y", "q") == DRAFTS[:1]


def test_editing_changes_what_was_typed_and_leaves_the_rest() -> None:
    (edited,) = kept("e", "", " b ", "q")
    assert edited == DRAFTS[0].model_copy(update={"answers": ("b",)})


def test_an_edit_that_cannot_be_asked_is_typed_again() -> None:
    (edited,) = kept("e", "x" * 9000, "", "Short?", "", "q")
    assert edited.question == "Short?"


def test_a_draft_is_shown_before_the_next_is_made() -> None:
    made: list[int] = []

    def slow() -> Iterator[Gold]:
        for number, draft in enumerate(DRAFTS, 1):
            made.append(number)
            yield draft

    lines: list[str] = []
    assert list(sift(slow(), lines.append, typed("y", "q"))) == DRAFTS[:1]
    assert made == [1, 2]
    for part in ("Q1?", "a1", "It is a1.", "/x.txt, page 1"):
        assert part in lines[0]
