"""Fitting a conversation, against the rule stated by brute force."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from hypothesis import example, given
from hypothesis import strategies as st

from models.chat_template import Block, Turn
from models.fit import Fitted, fit

Fits = Callable[[Sequence[Turn]], bool]


def at_most(characters: int) -> Fits:
    return lambda turns: sum(len(b.text) for turn in turns for b in turn.blocks) <= characters


def passages(turns: Sequence[Turn]) -> list[str]:
    """The cached blocks' texts, in order."""
    return [block.text for turn in turns for block in turn.blocks if block.cached]


def said(turn: Turn) -> str:
    """A turn's text without its passages and the white space around it."""
    return "".join(block.text for block in turn.blocks if not block.cached).strip()


# ---- the rule, turn by turn and passage by passage


@dataclass(frozen=True)
class Rule:
    """A conversation as the rule sees it: what system turns say, the exchanges, the passages.

    An exchange is what was said in the turns from one question to the next; the last one is kept.
    """

    system: tuple[str, ...]
    exchanges: tuple[tuple[str, ...], ...]
    passages: tuple[str, ...]

    def shorter(self) -> "Rule | None":
        if len(self.exchanges) > 1:
            return replace(self, exchanges=self.exchanges[1:])
        if self.passages:
            return replace(self, passages=self.passages[:-1])
        return None


def seen(turns: Sequence[Turn]) -> Rule:
    exchanges: list[list[str]] = []
    for turn in turns:
        if turn.role == "system":
            continue
        if not exchanges or turn.role == "user":
            exchanges.append([])
        exchanges[-1].append(said(turn))
    system = tuple(said(turn) for turn in turns if turn.role == "system")
    return Rule(system, tuple(map(tuple, exchanges)), tuple(passages(turns)))


words = st.text("abc", min_size=1, max_size=8)
plain = st.builds(Turn, st.sampled_from(["system", "assistant"]), words)
blocks = st.lists(st.builds(Block, words, cached=st.booleans()), min_size=1, max_size=4)
questions = st.builds(Turn, st.just("user"), blocks.map(tuple))
conversations = st.lists(plain | questions, min_size=1, max_size=8)


@given(turns=conversations, limit=st.integers(0, 120))
@example(
    turns=[Turn("user", "a"), Turn("assistant", "b"), Turn("system", "c"), Turn("user", "d")],
    limit=2,
)
def test_the_oldest_exchanges_go_first_and_then_the_last_passages_until_it_fits(
    turns: list[Turn], limit: int
) -> None:
    asked: list[Rule] = []

    def fits(left: Sequence[Turn]) -> bool:
        asked.append(seen(left))
        return at_most(limit)(left)

    fitted = fit(turns, fits)

    rule: Rule | None = seen(turns)
    for step in asked:
        assert step == rule
        rule = step.shorter()
    assert seen(fitted.turns) == asked[-1]
    assert at_most(limit)(fitted.turns) or rule is None
    assert fitted.dropped_turns == len(turns) - len(fitted.turns)
    assert fitted.dropped_passages == len(passages(turns)) - len(passages(fitted.turns))


@given(turns=conversations, limit=st.integers(0, 120))
def test_system_turns_and_what_the_last_turn_asks_are_never_touched(
    turns: list[Turn], limit: int
) -> None:
    left = fit(turns, at_most(limit)).turns
    assert [said(t) for t in left if t.role == "system"] == [
        said(t) for t in turns if t.role == "system"
    ]
    assert left[-1].role == turns[-1].role
    assert said(left[-1]) == said(turns[-1])


@given(turns=conversations)
def test_what_fits_is_returned_as_it_is(turns: list[Turn]) -> None:
    assert fit(turns, lambda left: True) == Fitted(tuple(turns))


@given(turns=conversations)
def test_where_nothing_ever_fits_everything_goes_that_may(turns: list[Turn]) -> None:
    fitted = fit(turns, lambda left: False)
    assert seen(fitted.turns).shorter() is None
    assert fit(fitted.turns, lambda left: False) == Fitted(fitted.turns)


# ---- where the passages of a dropped turn go


def cached(*texts: str) -> tuple[Block, ...]:
    return tuple(Block(text, cached=True) for text in texts)


def test_passages_survive_their_turn_and_stay_right_behind_the_system_turns() -> None:
    turns = [
        Turn("system", "Answer from the passages."),
        Turn("user", (*cached("one", "two"), Block("\n\nWhy?"))),
        Turn("assistant", "Because."),
        Turn("user", "And?"),
        Turn("assistant", "So."),
        Turn("user", "Really?"),
    ]
    once = fit(turns, lambda left: len(left) < 6).turns
    assert once[0] == turns[0]
    assert once[1].blocks == (*cached("one", "two"), Block("\n\nAnd?"))
    twice = fit(turns, lambda left: len(left) < 4).turns
    assert [turn.role for turn in twice] == ["system", "user"]
    assert twice[1].blocks == (*cached("one", "two"), Block("\n\nReally?"))


def test_white_space_between_passages_goes_with_them_and_other_text_does_not() -> None:
    opening = (Block("Passages:\n"), *cached("one"), Block("\n\n"), *cached("two"), Block("Why?"))
    turns = [Turn("user", opening), Turn("assistant", "Because."), Turn("user", "And?")]
    (left,) = fit(turns, lambda left: len(left) == 1).turns
    assert left.blocks == (*cached("one"), Block("\n\n"), *cached("two"), Block("\n\nAnd?"))


def test_passages_of_a_dropped_turn_come_before_the_next_ones_own() -> None:
    turns = [
        Turn("user", (*cached("one"), Block("Why?"))),
        Turn("assistant", "Because."),
        Turn("user", (*cached("two"), Block("And?"))),
    ]
    (left,) = fit(turns, lambda left: len(left) == 1).turns
    assert left.blocks == (*cached("one"), Block("\n\n"), *cached("two"), Block("And?"))


def test_of_the_passages_the_last_turns_last_one_goes_first() -> None:
    turns = [
        Turn("system", cached("one", "two")),
        Turn("user", (*cached("three", "four"), Block("Why?"))),
    ]
    for count in range(4, -1, -1):
        fitted = fit(turns, lambda left, count=count: len(passages(left)) <= count)
        assert passages(fitted.turns) == ["one", "two", "three", "four"][:count]
        assert fitted.dropped_passages == 4 - count
        assert said(fitted.turns[-1]) == "Why?"


def test_nothing_is_made_of_no_conversation() -> None:
    assert fit([], lambda left: False) == Fitted(())
