"""Passages read side by side by the bundled model: weights, posteriors, and what they come from."""

from collections.abc import Iterator

import numpy as np
import pytest
from asking import answer, asked, begin, likelihood
from prompts import BEES, GLASS, SYSTEM, TIDES

from models.bundled import bundled_chat_model
from models.engine.context import Placement
from models.engine.engine import Engine
from models.engine.prompt import Prompt, Reading
from models.engine.sampling import Sampling
from models.engine.stream import Finish, Text

ASK = "Question: When was the tide mill at the mouth of the river built?"
AFTER = "<|im_end|>\n<|im_start|>assistant\nThe tide mill was built in"
EVEN = Reading(temperature=1e6)  # all passages weigh the same at first
YEAR = " 1792"
SIX = Sampling(max_tokens=6)


@pytest.fixture(scope="module")
def own_engine() -> Iterator[Engine]:
    engine = Engine(bundled_chat_model(), Placement(context=1024, threads=1))
    yield engine
    engine.close()


@pytest.fixture
def three(own_engine: Engine) -> Prompt:
    passages = [text[:140] for text in (BEES, TIDES, GLASS)]
    return asked(own_engine.model, SYSTEM, passages, ASK, AFTER)


def alone(prompt: Prompt, number: int) -> Prompt:
    return Prompt(
        prompt.prefix, prompt.passages[number : number + 1], prompt.suffix, prompt.question
    )


# ---- weights


def test_the_passage_that_expects_the_question_weighs_most(
    own_engine: Engine, three: Prompt
) -> None:
    text, finish = answer(own_engine, three, SIX)
    assert np.argmax(finish.weights) == 1
    assert text.startswith(YEAR)
    assert sum(finish.weights) == pytest.approx(1)
    assert finish.log_likelihoods == pytest.approx(likelihood(own_engine, three).totals, abs=0.2)


@pytest.mark.parametrize("priors", [(), (3.0,), (0.0, -2.0, 5.0)])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 8.0])
def test_the_weights_are_the_softmax_of_likelihoods_and_priors(
    own_engine: Engine, three: Prompt, temperature: float, priors: tuple[float, ...]
) -> None:
    reading = Reading(temperature=temperature, priors=priors)
    _, finish = answer(own_engine, three, Sampling(max_tokens=1), reading)
    logs = np.array(finish.log_likelihoods) / temperature
    logs += np.array([*priors, 0, 0, 0])[:3]
    assert finish.weights == pytest.approx(np.exp(logs - np.logaddexp.reduce(logs)), abs=1e-6)


def test_the_order_of_the_passages_changes_neither_weights_nor_answer(
    own_engine: Engine, three: Prompt
) -> None:
    turned = Prompt(three.prefix, three.passages[::-1], three.suffix, three.question)
    text, finish = answer(own_engine, three, SIX)
    backwards, other = answer(own_engine, turned, SIX)
    assert backwards == text
    assert other.weights[::-1] == pytest.approx(finish.weights, abs=0.02)


def test_a_likelihood_counts_the_questions_tokens_behind_each_passage(
    own_engine: Engine, three: Prompt
) -> None:
    found = likelihood(own_engine, three)
    assert found.tokens == three.question[1]
    for number in range(3):
        one = likelihood(own_engine, alone(three, number))
        assert one.total == pytest.approx(found.totals[number], abs=0.2)


# ---- posteriors


def test_every_piece_tells_the_passages_part_in_it(own_engine: Engine, three: Prompt) -> None:
    pieces = [event for event in begin(own_engine, three, SIX, EVEN) if isinstance(event, Text)]
    for piece in pieces:
        assert len(piece.posterior) == 3
        assert sum(piece.posterior) == pytest.approx(1)
    assert np.argmax(pieces[-1].posterior) == 1


def test_a_passage_without_weight_is_dropped_and_has_no_part(
    own_engine: Engine, three: Prompt
) -> None:
    reading = Reading(priors=(-50.0, 0.0, -50.0))
    pieces = [e for e in begin(own_engine, three, SIX, reading) if isinstance(e, Text)]
    assert [piece.posterior for piece in pieces] == [(0.0, 1.0, 0.0)] * len(pieces)
    text, finish = answer(own_engine, three, SIX, reading)
    assert text == answer(own_engine, alone(three, 1), SIX)[0]
    assert 0 < finish.weights[0] < 1e-9


def test_joined_passages_have_no_parts(own_engine: Engine, three: Prompt) -> None:
    events = list(begin(own_engine, three, SIX, Reading("joint")))
    assert {event.posterior for event in events if isinstance(event, Text)} == {()}
    finish = events[-1]
    assert isinstance(finish, Finish)
    assert (finish.weights, finish.log_likelihoods, finish.log_probability) == ((), (), None)


def test_one_passage_is_the_plain_answer(own_engine: Engine, three: Prompt) -> None:
    one = alone(three, 1)
    plain, _ = answer(own_engine, one.tokens, SIX)
    for passages in ("fused", "joint"):
        assert answer(own_engine, one, SIX, Reading(passages))[0] == plain  # type: ignore[arg-type]


# ---- answers that are given


def steps(engine: Engine, prompt: Prompt, forced: list[int]) -> np.ndarray:
    """log P of each token of an answer, from the answer's likelihoods of every length."""
    totals = [0.0]
    for length in range(1, len(forced) + 1):
        _, finish = answer(engine, prompt, SIX, forced=forced[:length])
        assert finish.log_probability is not None
        totals.append(finish.log_probability)
    return np.diff(totals)


@pytest.mark.parametrize("bayes", [True, False])
def test_a_given_answer_is_as_likely_as_the_mixture_of_its_likelihoods_alone(
    own_engine: Engine, three: Prompt, bayes: bool
) -> None:
    forced = own_engine.model.tokenize(YEAR)[:3]
    each = np.array([steps(own_engine, alone(three, number), forced) for number in range(3)])
    even = np.log(np.full(3, 1 / 3))
    if bayes:  # the whole answer's mixture, as in RAG-Sequence
        expected = np.logaddexp.reduce(even + each.sum(axis=1))
    else:  # each token's, as in RAG-Token
        expected = np.logaddexp.reduce(even[:, None] + each, axis=0).sum()
    reading = Reading(temperature=1e6, bayes=bayes)
    _, finish = answer(own_engine, three, SIX, reading, forced=forced)
    assert finish.log_probability == pytest.approx(expected, abs=0.1)


def test_an_answer_is_as_likely_when_it_is_given_as_when_it_is_found(
    own_engine: Engine, three: Prompt
) -> None:
    for reading in (EVEN, Reading(contrast=0.5)):
        text, finish = answer(own_engine, three, SIX, reading)
        forced = own_engine.model.tokenize(text)
        assert len(forced) == finish.completion_tokens
        _, given = answer(own_engine, three, SIX, reading, forced=forced)
        assert given.log_probability == pytest.approx(finish.log_probability, abs=0.1)


# ---- refusals


def test_it_refuses_only_where_each_passage_finds_that_likelier_than_all_answers(
    own_engine: Engine, three: Prompt
) -> None:
    first = own_engine.model.tokenize(YEAR)[:3]
    begun = b"".join(map(own_engine.model.piece, first)).decode()
    reading = Reading(temperature=1e6, refusal=tuple(first))
    inclined = []
    for number in range(3):
        prompt = alone(three, number)
        inclined.append(steps(own_engine, prompt, first).sum() > np.log(0.5))
        assert answer(own_engine, prompt, SIX, reading)[0].startswith(begun) == inclined[-1]
    assert inclined == [False, True, False]
    assert answer(own_engine, three, SIX, EVEN)[0].startswith(begun)
    assert not answer(own_engine, three, SIX, reading)[0].startswith(begun)


def test_what_a_refusal_is_changes_no_answer_that_is_none(
    own_engine: Engine, three: Prompt
) -> None:
    never = tuple(own_engine.model.tokenize("Nothing in your documents"))
    text, finish = answer(own_engine, three, SIX, Reading(refusal=never))
    plain, expected = answer(own_engine, three, SIX)
    assert text == plain
    assert finish.log_probability == pytest.approx(expected.log_probability, abs=0.1)


# ---- contrast


def test_contrast_is_with_what_is_said_without_a_passage(own_engine: Engine, three: Prompt) -> None:
    forced = own_engine.model.tokenize(YEAR)[:2]
    bare = Prompt(three.prefix, suffix=three.suffix)
    _, without = answer(own_engine, bare, SIX, forced=forced)
    _, plain = answer(own_engine, three, SIX, forced=forced)
    _, contrasted = answer(own_engine, three, SIX, Reading(contrast=1.0), forced=forced)
    assert without.log_probability < plain.log_probability  # type: ignore[operator]
    assert contrasted.log_probability > plain.log_probability  # type: ignore[operator]
