"""Drafts from what was read, over tokens alone."""

from hypothesis import given
from hypothesis import strategies as st

from models.engine.lookup import FIRST, LONGEST, MOST, REST, SHORTEST, Lookup

TOKENS = st.lists(st.integers(0, 3), max_size=40)
OUTCOMES = st.lists(st.tuples(st.integers(0, MOST), st.floats(0.001, 1)), max_size=30)

FAR = [*range(90), *range(5)]  # what may come next stood long before


def ready(tokens: list[int]) -> Lookup:
    """After these tokens and a plain decode, without which nothing is drafted."""
    lookup = Lookup(tokens)
    lookup.learn(0, 0, 1.0)
    return lookup


@given(TOKENS)
def test_a_draft_is_what_followed_the_last_tokens_where_they_stood_last(tokens: list[int]) -> None:
    draft = ready(tokens).draft()
    for size in range(LONGEST, SHORTEST - 1, -1):
        end = tuple(tokens[-size:])
        places = [
            place
            for place in range(size, len(tokens))
            if len(end) == size and tuple(tokens[place - size : place]) == end
        ]
        if places:
            assert draft == tokens[places[-1] : places[-1] + FIRST] != []
            return
    assert draft == []


@given(TOKENS, st.integers(0, 40))
def test_it_does_not_matter_which_tokens_were_the_prompts(tokens: list[int], cut: int) -> None:
    pushed = Lookup(tokens[:cut])
    for token in tokens[cut:]:
        pushed.push(token)
    pushed.learn(0, 0, 1.0)
    assert pushed.draft() == ready(tokens).draft()


def test_nothing_is_drafted_before_the_time_of_a_plain_decode_is_known() -> None:
    assert Lookup([1, 2, 3, 1, 2, 3]).draft() == []


def test_drafts_grow_while_they_come_true_and_shrink_when_they_do_not() -> None:
    lookup = ready(FAR)
    assert len(lookup.draft()) == FIRST
    for expected in (2 * FIRST, 4 * FIRST, MOST):
        drafted = len(lookup.draft())
        lookup.learn(drafted, drafted, 1.0)
        assert len(lookup.draft()) == min(expected, MOST)
    lookup.learn(MOST, 3, 1.0)
    assert len(lookup.draft()) == 5


def test_drafts_that_cost_more_time_than_they_save_rest_for_a_while() -> None:
    lookup = ready(FAR)
    lookup.learn(len(lookup.draft()), 0, 3.0)
    for place in range(REST):
        assert lookup.draft() == []
        lookup.push(FAR[5 + place])
    assert len(lookup.draft()) == FIRST


def test_drafts_that_cost_nothing_go_on_though_few_come_true() -> None:
    lookup = ready(FAR)
    for _ in range(20):
        lookup.learn(len(lookup.draft()), 0, 1.0)
        assert lookup.draft() != []


@given(TOKENS, OUTCOMES)
def test_a_draft_is_never_longer_than_allowed(
    tokens: list[int], outcomes: list[tuple[int, float]]
) -> None:
    lookup = ready(tokens * 3)
    for accepted, seconds in outcomes:
        draft = lookup.draft()
        assert len(draft) <= MOST
        lookup.learn(len(draft), min(accepted, len(draft)), seconds)
